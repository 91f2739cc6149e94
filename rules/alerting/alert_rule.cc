// SPDX-License-Identifier: Apache-2.0
// A step merges two lists sorted by label set: what the expression gave now, and the alerts there
// were. Each label set is new, still there, or gone; each case is one function below.
#include "rules/alerting/alert_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/model/sample.h"

namespace outrider {
namespace {

class Stepper {
 public:
  Stepper(const AlertTiming& timing, Timestamp ts) : timing_(timing), ts_(ts) {}

  void Appear(AlertInstance instance) {
    auto alert = std::make_shared<ActiveAlert>();
    alert->labels = std::move(instance.labels);
    alert->active_at = ts_;
    Fill(std::move(instance), alert.get());
    if (timing_.hold <= 0) Fire(alert.get());
    out_.write.push_back(alert);
    if (alert->state == AlertState::kFiring) out_.tell.push_back(alert);
    out_.next.push_back(std::move(alert));
    ++active_;
  }

  void Refresh(const AlertPtr& old, AlertInstance instance) {
    ++active_;
    // What has fired has been held, whatever the clock says since.
    const bool held = std::max(ts_, old->fired_at) - old->active_at >= timing_.hold;
    const bool same_texts = instance.annotations == old->annotations;
    if (same_texts && IsQuiet(*old, instance, held)) {
      out_.next.push_back(old);
      return;
    }
    auto alert = std::make_shared<ActiveAlert>(*old);
    Fill(std::move(instance), alert.get());
    bool write = alert->keep_firing_since != 0;
    if (alert->state == AlertState::kPending && alert->active_at > ts_) {  // the clock was set back
      alert->active_at = ts_;
      write = true;
    }
    alert->keep_firing_since = 0;
    bool tell = false;
    if (alert->state == AlertState::kPending && held) {
      Fire(alert.get());
      tell = true;
    } else if (alert->state == AlertState::kFiring && !held) {  // a reload raised `for`
      out_.tell.push_back(Resolved(*alert));
      alert->state = AlertState::kPending;
      alert->fired_at = 0;
      write = true;
    } else if (alert->state == AlertState::kFiring) {
      alert->untold |= !same_texts;
      tell = alert->untold && (ts_ - alert->told_at >= kTellInterval || ts_ < alert->told_at);
    }
    if (tell) {
      alert->told_at = ts_;
      alert->untold = false;
      out_.tell.push_back(alert);
    }
    alert->unwritten = !tell && !write;
    if (!alert->unwritten) out_.write.push_back(alert);
    out_.next.push_back(std::move(alert));
  }

  void Keep(const AlertPtr& old) {
    out_.next.push_back(old);
    ++active_;
  }

  void Vanish(const AlertPtr& old) {
    switch (old->state) {
      using enum AlertState;
      case kInactive:
        (ts_ - old->resolved_at <= kResolvedRetention ? out_.next : out_.erase).push_back(old);
        return;
      case kPending:
        out_.erase.push_back(old);
        return;
      case kFiring:
        break;
    }
    if (timing_.keep_firing_for > 0 && KeepFiring(old)) return;
    const AlertPtr resolved = Resolved(*old);
    out_.tell.push_back(resolved);
    out_.write.push_back(resolved);
    out_.next.push_back(resolved);
  }

  AlertStep Finish(const AlertSet& old) {
    if (timing_.limit <= 0 || active_ <= timing_.limit) return std::move(out_);
    AlertStep cleared;
    for (const AlertPtr& alert : old) {
      cleared.erase.push_back(alert);
      if (alert->state == AlertState::kFiring) cleared.tell.push_back(Resolved(*alert));
    }
    cleared.error = absl::ResourceExhaustedError(
        fmt::format("exceeded limit of {} with {} alerts", timing_.limit, active_));
    return cleared;
  }

 private:
  // Nothing about the alert would change.
  bool IsQuiet(const ActiveAlert& old, const AlertInstance& now, bool held) const {
    const bool settled =
        old.state == AlertState::kFiring ? held && !old.untold : !held && old.active_at <= ts_;
    return settled && old.keep_firing_since == 0 && SameBits(old.value, now.value) &&
           old.source_hash == now.source_hash;
  }

  static void Fill(AlertInstance instance, ActiveAlert* alert) {
    alert->annotations = std::move(instance.annotations);
    alert->value = instance.value;
    alert->source_hash = instance.source_hash;
  }

  void Fire(ActiveAlert* alert) const {
    alert->state = AlertState::kFiring;
    alert->fired_at = ts_;
    alert->told_at = ts_;
    alert->untold = false;
  }

  AlertPtr Resolved(const ActiveAlert& old) const {
    auto alert = std::make_shared<ActiveAlert>(old);
    alert->state = AlertState::kInactive;
    alert->resolved_at = ts_;
    alert->keep_firing_since = 0;
    alert->unwritten = false;
    return alert;
  }

  bool KeepFiring(const AlertPtr& old) {
    AlertPtr kept = old;
    if (old->keep_firing_since == 0 || old->keep_firing_since > ts_) {
      auto alert = std::make_shared<ActiveAlert>(*old);
      alert->keep_firing_since = ts_;
      alert->unwritten = false;
      kept = std::move(alert);
      out_.write.push_back(kept);
    } else if (ts_ - old->keep_firing_since >= timing_.keep_firing_for) {
      return false;
    }
    out_.next.push_back(std::move(kept));
    ++active_;
    return true;
  }

  const AlertTiming& timing_;
  const Timestamp ts_;
  AlertStep out_;
  int64_t active_ = 0;  // pending and firing
};

}  // namespace

StatusOr<std::vector<AlertInstance>> RenderInstances(const AlertSet& old,
                                                     const promql::Vector& vector, Timestamp ts,
                                                     RuleTexts& texts) {
  std::vector<AlertInstance> instances;
  instances.reserve(vector.size());
  for (const promql::VectorSample& sample : vector) {
    AlertInstance instance;
    instance.value = sample.value;
    instance.source_hash = sample.labels.Hash();
    instance.labels = texts.RenderLabels(sample, ts);
    const ActiveAlert* before = FindAlert(old, instance.labels);
    // Of a histogram the alert's value says nothing.
    const bool unchanged =
        before != nullptr && sample.histogram == nullptr && !texts.annotations_depend_on_time() &&
        before->source_hash == instance.source_hash && SameBits(before->value, instance.value);
    instance.annotations = unchanged ? before->annotations : texts.RenderAnnotations(sample, ts);
    instances.push_back(std::move(instance));
  }
  const auto packed = [](const AlertInstance& i) -> const std::string& {
    return i.labels.packed();
  };
  std::ranges::sort(instances, {}, packed);
  if (std::ranges::adjacent_find(instances, {}, packed) != instances.end()) {
    return InvalidArgument(
        "vector contains metrics with the same labelset after applying alert labels");
  }
  return instances;
}

AlertStep StepAlerts(const AlertTiming& timing, const AlertSet& old,
                     std::vector<AlertInstance> instances, Timestamp ts, const AlertSet& keep) {
  Stepper stepper(timing, ts);
  size_t now = 0;
  size_t before = 0;
  size_t kept = 0;
  while (now < instances.size() || before < old.size()) {
    int order = 0;
    if (now == instances.size()) {
      order = 1;
    } else if (before == old.size()) {
      order = -1;
    } else {
      order = instances[now].labels.packed().compare(old[before]->labels.packed());
    }
    if (order > 0) {
      const AlertPtr& gone = old[before++];
      if (kept < keep.size() && keep[kept] == gone) {
        ++kept;
        stepper.Keep(gone);
      } else {
        stepper.Vanish(gone);
      }
      continue;
    }
    const AlertPtr* known = order == 0 ? &old[before++] : nullptr;
    if (known != nullptr && (*known)->state != AlertState::kInactive) {
      stepper.Refresh(*known, std::move(instances[now++]));
    } else {
      stepper.Appear(std::move(instances[now++]));
    }
  }
  return stepper.Finish(old);
}

StatusOr<AlertStep> Step(const AlertSet& state, const promql::Vector& vector, Timestamp ts,
                         const AlertTiming& timing, RuleTexts& texts) {
  return StepAlerts(timing, state, TRY(RenderInstances(state, vector, ts, texts)), ts);
}

std::vector<LabeledSample> AlertSamples(const AlertSet& alerts, Timestamp sample_time,
                                        std::span<const RawLabel> raw) {
  std::vector<LabeledSample> samples;
  samples.reserve(2 * alerts.size());
  for (const AlertPtr& alert : alerts) {
    if (alert->state == AlertState::kInactive) continue;
    const int64_t active_seconds = alert->active_at / kSecond;
    LabelsBuilder builder(alert->labels);
    for (const RawLabel& label : raw) {
      if (alert->labels.Get(label.name).empty()) builder.Set(label.name, label.text);
    }
    builder.Set(kMetricName, "ALERTS_FOR_STATE");
    samples.push_back({builder.Build(), {sample_time, static_cast<double>(active_seconds)}});
    builder.Set(kMetricName, "ALERTS").Set("alertstate", AlertStateText(alert->state));
    samples.push_back({builder.Build(), {sample_time, 1.0}});
  }
  return samples;
}

}  // namespace outrider
