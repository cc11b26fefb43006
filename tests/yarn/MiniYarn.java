import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;

/** A YARN of one node in this process: MiniYarn FOLDER writes FOLDER/yarn-site.xml once it is ready. */
public class MiniYarn {
  public static void main(String[] arguments) {
    try {
      serve(Path.of(arguments[0]));
      Runtime.getRuntime().halt(0); // there is nothing to keep, and its threads would keep the process
    } catch (Throwable error) {
      error.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static void serve(Path folder) throws Exception {
    YarnConfiguration conf = new YarnConfiguration();
    conf.setInt(YarnConfiguration.RM_SCHEDULER_MINIMUM_ALLOCATION_MB, 128);
    conf.setBoolean(YarnConfiguration.NM_VMEM_CHECK_ENABLED, false);
    conf.setInt(YarnConfiguration.RM_AM_MAX_ATTEMPTS, 1);
    // A disk that is nearly full would make the node unhealthy.
    conf.setFloat(YarnConfiguration.NM_MAX_PER_DISK_UTILIZATION_PERCENTAGE, 100f);
    MiniYARNCluster cluster = new MiniYARNCluster("yarn", 1, 1, 1);
    cluster.init(conf);
    cluster.start();
    Path half = folder.resolve("half");
    try (OutputStream stream = Files.newOutputStream(half)) {
      cluster.getConfig().writeXml(stream);
    }
    Files.move(half, folder.resolve("yarn-site.xml"));
    System.in.read(); // until whoever started it is gone
  }
}
