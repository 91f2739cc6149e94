// SPDX-License-Identifier: Apache-2.0
// The demo's files: short intervals, so that an alert fires and resolves within two minutes.
#include "exporter/cli/demo_config.h"

#include <array>
#include <string_view>

#include "storage/base/file.h"

namespace outrider {
namespace {

struct DemoFile {
  std::string_view name;
  std::string_view text;
};

constexpr std::array<DemoFile, 5> kFiles = {{
    {"outrider.yml", R"(global: {evaluation_interval: 5s, external_labels: {cluster: demo}}
rule_files: [rules.yml]
analytics_files: [analytics.yml]
alerting: {config_file: alertmanager.yml}
incidents: {config_file: incidents.yml}
analytics: {interval: 5s, workload_alerts: {enabled: true}}
cost: {provider: aws, region: us-east-1, minimum_coverage: 10m}
)"},
    {"rules.yml", R"(groups:
- name: shop
  rules:
  - record: service:http_errors:ratio_rate30s
    expr: |
      sum by (cluster, namespace, service) (rate(http_requests_total{code=~"5.."}[30s]))
        / sum by (cluster, namespace, service) (rate(http_requests_total[30s]))
  - alert: HighErrorRate
    expr: service:http_errors:ratio_rate30s > 0.02
    for: 5s
    labels: {severity: critical, team: shop}
    annotations:
      summary: '{{ $labels.service }} fails {{ $value | humanizePercentage }} of its requests'
      outrider_runbook: https://runbooks.example.com/shop/high-error-rate
  - alert: PodMemoryNearLimit
    expr: |
      max by (cluster, namespace, pod, container) (container_memory_working_set_bytes)
        / on (cluster, namespace, pod, container)
      max by (cluster, namespace, pod, container) (kube_pod_container_resource_limits{resource="memory"}) > 0.8
    for: 5s
    labels: {severity: warning, team: shop}
    annotations:
      summary: '{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory limit'
- name: hosts
  rules:
  - alert: HostDown
    expr: up{job="node"} == 0
    for: 30s
    labels: {severity: critical}
    annotations: {summary: '{{ $labels.instance }} cannot be scraped'}
  - alert: Watchdog
    expr: vector(1)
    labels: {severity: none}
    annotations: {summary: 'Always fires, so that silence means that something is broken'}
)"},
    {"alertmanager.yml", R"(route:
  receiver: log
  group_by: [alertname, cluster, namespace, service]
  group_wait: 2s
  group_interval: 10s
  repeat_interval: 1h
  routes:
  - {matchers: ['alertname = Watchdog'], receiver: nobody}
receivers:
- name: nobody
- name: log
  log_configs: [{send_resolved: true}]
)"},
    {"incidents.yml", R"(escalation_policies:
- name: demo
  severities: [critical]
  tiers:
  - {delay: 0s, receivers: [log]}
  - {delay: 30s, receivers: [log]}
)"},
    {"analytics.yml", R"(entries:
- name: requests
  kind: anomaly
  expr: sum by (namespace, service) (rate(http_requests_total[1m]))
- name: errors
  kind: trend
  expr: sum by (namespace, service) (rate(http_requests_total{code=~"5.."}[1m]))
  windows: [5m, 1h]
- name: disk_full
  kind: forecast
  expr: node_filesystem_avail_bytes
  threshold: 0
)"},
}};

}  // namespace

Status WriteDemoConfig(const std::string& directory) {
  for (const DemoFile& file : kFiles) {
    TRY(WriteFileAtomically(directory + "/" + std::string(file.name), file.text));
  }
  return absl::OkStatus();
}

}  // namespace outrider
