// SPDX-License-Identifier: Apache-2.0
#include "tests/exporter/advice/sample_report.h"

namespace outrider {

ResourceAdvice MakeAdvice(const AdviceSpec& spec) {
  ResourceAdvice advice;
  advice.request = spec.request;
  advice.limit = spec.limit;
  advice.enough_data = spec.target > 0;
  advice.samples = advice.enough_data ? 5760 : 4;
  advice.coverage = advice.enough_data ? kDay : kMinute;
  advice.reason = advice.enough_data ? "95th percentile of use; 5760 samples over 1d from 2 pods"
                                     : "not enough data: 4 samples over 1m from 1 pod";
  if (!advice.enough_data) return advice;
  advice.recommended = {spec.target, spec.target * 0.5, spec.target * 2, spec.recommended_limit};
  advice.limit_wanted = spec.limit_wanted;
  advice.savings_dollars_per_month = spec.savings;
  advice.mean_use = spec.target * 0.25;
  advice.p95_use = spec.target * 0.5;
  advice.max_use = spec.target * 0.75;
  advice.confidence = 0.5;
  return advice;
}

Recommendation MakeRow(WorkloadKey key, std::string container, uint64_t pods, const AdviceSpec& cpu,
                       const AdviceSpec& memory) {
  Recommendation row;
  row.key = std::move(key);
  row.container = std::move(container);
  row.pods = pods;
  row.pods_seen = pods;
  row.cpu = MakeAdvice(cpu);
  row.memory = MakeAdvice(memory);
  return row;
}

AdviceReport SampleReport() {
  AdviceReport report;
  // Saves both, has a CPU limit that is not wanted.
  Recommendation checkout =
      MakeRow({"shop", "checkout", "Deployment"}, "app", 3, {1.0, 2.0, 0.25, 0.5, false, 68.4},
              {1024 * kTestMib, 2048 * kTestMib, 300 * kTestMib, 360 * kTestMib, true, 9.375});
  checkout.pods_seen = 7;
  checkout.findings.emplace_back().text = "cpu: mean use is 6 % of the request";
  checkout.findings.back().severity = FindingSeverity::kMedium;
  report.rows.push_back(checkout);
  // Its neighbour is too new.
  report.rows.push_back(MakeRow({"shop", "checkout", "Deployment"}, "proxy", 3, {0.1, {}, 0, 0},
                                {64 * kTestMib, {}, 0, 0}));
  // Needs more than its limit allows; nothing is set for memory.
  Recommendation db =
      MakeRow({"shop", "db", "StatefulSet"}, "postgres", 1, {0.5, 0.5, 1.5, 3.0, false, -30.5},
              {{}, {}, 2048 * kTestMib, 2560 * kTestMib, true, {}});
  db.memory.ooms = 2;
  db.cpu.throttled_ratio = 0.42;
  report.rows.push_back(db);
  report.rows.push_back(
      MakeRow({"batch", "report", "CronJob"}, "job", 1, {0.2, {}, 0.2, 0.4, false, 0.0},
              {128 * kTestMib, 128 * kTestMib, 128 * kTestMib, 128 * kTestMib, true, 0.0}));
  // A custom resource, without a word about CPU.
  report.rows.push_back(MakeRow({"shop", "canary", "Rollout"}, "app", 2, {0.5, {}, 0, 0},
                                {512 * kTestMib, {}, 256 * kTestMib, 320 * kTestMib, true, 1.25}));
  // A machine.
  report.rows.push_back(
      MakeRow({"", "db-1:9100", "Host"}, "", 1, {8.0, 8.0, 2.0, 8.0, false, 180},
              {16384 * kTestMib, 16384 * kTestMib, 8192 * kTestMib, 16384 * kTestMib, false, 26}));
  // Names nobody should have.
  report.rows.push_back(MakeRow({"evil", "../<b>\"x'\n|&", "Deployment"}, "a: #\"'`", 1,
                                {0.5, {}, 0.25, 0.5, false, 4},
                                {256 * kTestMib, {}, 128 * kTestMib, 160 * kTestMib, true, 1}));
  report.spend_per_month = 1234.5;
  return report;
}

}  // namespace outrider
