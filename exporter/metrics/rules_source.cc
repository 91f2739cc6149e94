// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/sources.h"
#include "rules/alerting/rule_stats.h"

namespace outrider {
namespace {

struct GroupGauge {
  std::string_view name;
  std::string_view help;
  double RuleGroupStats::* value;
};
constexpr GroupGauge kGauges[] = {
    {"prometheus_rule_group_interval_seconds", "The interval of a rule group.",
     &RuleGroupStats::interval_seconds},
    {"prometheus_rule_group_last_evaluation_timestamp_seconds",
     "The timestamp of the last rule group evaluation in seconds.",
     &RuleGroupStats::last_evaluation_timestamp_seconds},
    {"prometheus_rule_group_last_duration_seconds",
     "The duration of the last rule group evaluation.", &RuleGroupStats::last_duration_seconds},
    {"prometheus_rule_group_last_rule_duration_sum_seconds",
     "The sum of time in seconds it took to evaluate each rule in the group.",
     &RuleGroupStats::last_rule_duration_sum_seconds},
    {"prometheus_rule_group_last_restore_duration_seconds",
     "The duration of the last restoration of the alert states of the group.",
     &RuleGroupStats::last_restore_duration_seconds},
};

struct GroupCount {
  std::string_view name;
  std::string_view help;
  uint64_t RuleGroupStats::* value;
  bool counter;
};
constexpr GroupCount kCounts[] = {
    {"prometheus_rule_group_rules", "The number of rules.", &RuleGroupStats::rules, false},
    {"prometheus_rule_group_last_evaluation_samples",
     "The number of samples returned during the last rule group evaluation.",
     &RuleGroupStats::last_evaluation_samples, false},
    {"prometheus_rule_group_iterations_total",
     "The total number of scheduled rule group evaluations, whether executed or missed.",
     &RuleGroupStats::iterations_total, true},
    {"prometheus_rule_group_iterations_missed_total",
     "The total number of rule group evaluations missed due to slow rule group evaluation.",
     &RuleGroupStats::iterations_missed_total, true},
    {"prometheus_rule_evaluations_total", "The total number of rule evaluations.",
     &RuleGroupStats::evaluations_total, true},
    {"prometheus_rule_evaluation_failures_total", "The total number of rule evaluation failures.",
     &RuleGroupStats::evaluation_failures_total, true},
};

Distribution ToSummary(const DurationStats& stats) {
  Distribution out;
  out.count = stats.count;
  out.sum = stats.sum;
  out.quantiles = stats.quantiles;
  return out;
}

Distribution ToHistogram(const DurationStats& stats) {
  Distribution out;
  out.count = stats.count;
  out.sum = stats.sum;
  out.buckets = stats.buckets;
  return out;
}

// How Outrider itself differs from Prometheus: it holds, waits, and goes on behind a bad rule.
void WriteOwnGroupMetrics(const RuleGroupStats& group, MetricSink& sink) {
  const std::string& name = group.rule_group;
  sink.Gauge("outrider_rule_group_held", "1 while the group waits for current data after a start.",
             {{"rule_group", name}}, group.held ? 1 : 0);
  sink.Counter("outrider_rule_group_refused_samples_total",
               "Results that were not kept: out of order, duplicate or out of bounds.",
               {{"rule_group", name}}, group.refused_samples_total);
  sink.Gauge("outrider_rule_group_failing_rules",
             "Rules that are disabled by an error or whose last evaluation failed.",
             {{"rule_group", name}}, static_cast<double>(group.failing_rules));
  sink.Gauge("outrider_rule_group_last_data_wait_seconds",
             "How long the last slot was put off until its data was there.", {{"rule_group", name}},
             group.last_data_wait_seconds);
  sink.Counter("outrider_rule_group_data_wait_seconds_total",
               "How long slots were put off until their data was there.", {{"rule_group", name}},
               group.data_wait_seconds_total);
  const std::string_view help = "Slots, by whether their data was there when the wait ended.";
  sink.Counter("outrider_rule_group_data_waits_total", help,
               {{"rule_group", name}, {"outcome", "complete"}}, group.data_complete_total);
  sink.Counter("outrider_rule_group_data_waits_total", help,
               {{"rule_group", name}, {"outcome", "late"}}, group.data_late_total);
}

}  // namespace

void WriteRuleMetrics(const RuleStats& stats, MetricSink& sink) {
  uint64_t expansions = 0;
  uint64_t failures = 0;
  for (const RuleGroupStats& group : stats.groups) {
    for (const GroupGauge& gauge : kGauges) {
      sink.Gauge(gauge.name, gauge.help, {{"rule_group", group.rule_group}}, group.*gauge.value);
    }
    for (const GroupCount& count : kCounts) {
      const auto value = static_cast<double>(group.*count.value);
      if (count.counter) {
        sink.Counter(count.name, count.help, {{"rule_group", group.rule_group}}, value);
      } else {
        sink.Gauge(count.name, count.help, {{"rule_group", group.rule_group}}, value);
      }
    }
    WriteOwnGroupMetrics(group, sink);
    expansions += group.template_expansions_total;
    failures += group.template_failures_total;
  }
  sink.Summary("prometheus_rule_evaluation_duration_seconds", "The duration for a rule to execute.",
               {}, ToSummary(stats.evaluation_duration));
  sink.Summary("prometheus_rule_group_duration_seconds", "The duration of rule group evaluations.",
               {}, ToSummary(stats.group_duration));
  sink.Summary("outrider_rule_group_lag_seconds",
               "From when a slot of a group could be evaluated to when its evaluation began.", {},
               ToSummary(stats.group_lag));
  sink.Histogram("prometheus_rule_evaluation_duration_histogram_seconds",
                 "The duration for a rule to execute.", {}, ToHistogram(stats.evaluation_duration));
  sink.Histogram("prometheus_rule_group_duration_histogram_seconds",
                 "The duration of rule group evaluations.", {}, ToHistogram(stats.group_duration));
  sink.Counter("prometheus_template_text_expansions_total",
               "The total number of template text expansions.", {}, expansions);
  sink.Counter("prometheus_template_text_expansion_failures_total",
               "The total number of template text expansion failures.", {}, failures);
  sink.Gauge("outrider_rule_alerts", "Alerts of our own rules, by state.", {{"state", "pending"}},
             static_cast<double>(stats.pending_alerts));
  sink.Gauge("outrider_rule_alerts", "Alerts of our own rules, by state.", {{"state", "firing"}},
             static_cast<double>(stats.firing_alerts));
  sink.Gauge("outrider_rules_without_data", "Rules whose alert of missing input data fires.", {},
             static_cast<double>(stats.no_data_alerts));
}

}  // namespace outrider
