locals {
  alarm_topics = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
}

# The budget covers the whole account: a cost filter by tag would need the tag activated for billing first, and would
# miss resources that somebody started by hand. AWS's figures are some hours old, and a budget stops nothing.
resource "aws_budgets_budget" "monthly" {
  name         = "${var.project}-monthly"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = format("%.2f", var.monthly_budget_usd)
  limit_unit   = "USD"

  dynamic "notification" {
    for_each = [50, 80, 100]

    content {
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      notification_type          = "ACTUAL"
      subscriber_email_addresses = var.budget_emails
      subscriber_sns_topic_arns  = local.alarm_topics
    }
  }

  # Before the money is spent: AWS expects the month to end above the limit. It needs some weeks of history to do so.
  notification {
    comparison_operator        = "GREATER_THAN"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    notification_type          = "FORECASTED"
    subscriber_email_addresses = var.budget_emails
    subscriber_sns_topic_arns  = local.alarm_topics
  }
}

# A cluster that is never idle (a hung session, an open notebook) is not ended by its idle time-out. CloudWatch has no
# metric of a cluster's age, but EMR sends IsIdle every five minutes for as long as a cluster lives, whatever its value:
# so many hours in a row with any sample are so many hours of life. Hours that are missing count as good, so a new
# cluster does not alarm, and one that has ended stops. Periods are full hours: it comes up to an hour late. CloudWatch
# looks back 7 days at most. Without a topic the alarm would tell nobody, so there is none.
resource "aws_cloudwatch_metric_alarm" "age" {
  count             = var.alarm_topic_arn == null ? 0 : 1
  alarm_name        = "${var.project}-cluster-age"
  alarm_description = "Cluster ${aws_emr_cluster.this.id} has been running for ${var.emr_alarm_hours} hours."

  namespace           = "AWS/ElasticMapReduce"
  metric_name         = "IsIdle"
  dimensions          = { JobFlowId = aws_emr_cluster.this.id }
  statistic           = "SampleCount"
  period              = 3600
  evaluation_periods  = var.emr_alarm_hours
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_topics
}
