"""What everything else rests on: AWS, files, the console, packaging."""
