// SPDX-License-Identifier: Apache-2.0
// The state machine of an alerting rule: inactive -> pending -> firing -> resolved. Pure: time is
// an argument, the old set is not touched. Source: specs/prometheus.md §3.2.
#pragma once

#include <span>
#include <vector>

#include "rules/alerting/alert_state.h"
#include "rules/alerting/rule_texts.h"
#include "rules/promql/value.h"
#include "rules/rulefile/rule_group.h"
#include "storage/base/status.h"
#include "storage/window/appender.h"

namespace outrider {

// A resolved alert stays in its set, and in its row, this long.
inline constexpr DurationMs kResolvedRetention = 15 * kMinute;
// Changed annotations of a firing alert are told again at most this often (Prometheus' resend
// delay); a $value in them changes at every evaluation.
inline constexpr DurationMs kTellInterval = kMinute;

// What a rule's expression gave for one alert, texts rendered.
struct AlertInstance {
  Labels labels;
  Annotations annotations;
  double value = 0;
  uint64_t source_hash = 0;
};

struct AlertStep {
  AlertSet next;
  // Began to fire, resolved, or changed annotations; the reason is in the alert's state.
  AlertSet tell;
  // Rows to write and to delete, so that a restart finds `next` again. Only for transitions.
  AlertSet write;
  AlertSet erase;
  // Not OK: the limit was exceeded. `next` is empty then and firing alerts are told as resolved.
  Status error;
};

// Renders labels and annotations of each sample; annotations are taken over from `old` where
// nothing they depend on has changed. InvalidArgument when two samples give one label set. The
// result is sorted by labels.packed().
StatusOr<std::vector<AlertInstance>> RenderInstances(const AlertSet& old,
                                                     const promql::Vector& vector, Timestamp ts,
                                                     RuleTexts& texts);

struct AlertTiming {
  DurationMs hold = 0;
  DurationMs keep_firing_for = 0;
  int64_t limit = 0;  // 0: none
};

// One evaluation at `ts`. `instances` is sorted, as RenderInstances gives it. `keep`: members of
// `old`, in its order, that keep their state although they are not among the instances (no_data.h).
AlertStep StepAlerts(const AlertTiming& timing, const AlertSet& old,
                     std::vector<AlertInstance> instances, Timestamp ts, const AlertSet& keep = {});

// Both at once: the whole step of a rule. An error leaves everything as it was.
StatusOr<AlertStep> Step(const AlertSet& state, const promql::Vector& vector, Timestamp ts,
                         const AlertTiming& timing, RuleTexts& texts);

// ALERTS and ALERTS_FOR_STATE of the pending and firing alerts. `raw`: labels that stand there as
// their template's text where they have rendered to nothing, as in Prometheus.
std::vector<LabeledSample> AlertSamples(const AlertSet& alerts, Timestamp sample_time,
                                        std::span<const RawLabel> raw = {});

}  // namespace outrider
