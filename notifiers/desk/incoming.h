// SPDX-License-Identifier: Apache-2.0
// Alerts on their way in, before anything is kept of them: a body of a thousand alerts is read into
// a few blocks instead of some ten thousand texts. Most of them are repeats that change only times.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/desk/records.h"
#include "rules/alerting/alert.h"
#include "storage/base/clock.h"
#include "storage/model/labels.h"

namespace outrider {

// One of them, by views into the IncomingAlerts it comes from.
struct IncomingAlert {
  uint64_t fingerprint = 0;
  std::span<const LabelView> labels;  // by name, unique, no empty values
  std::string_view details;           // PackDetails
  AlertTime starts_at;                // 0: not given
  AlertTime ends_at;
  Nanos updated_at = 0;
  double value = 0;
  AlertSource source = AlertSource::kApi;
  bool timeout = false;
  bool ResolvedAt(Nanos now) const { return ends_at.nanos != 0 && ends_at.nanos <= now; }
};

// Not thread-safe. Texts are not copied: whoever adds them keeps them until the alerts were taken.
class IncomingAlerts {
 public:
  // One alert after the other: Begin, its parts in any order, End. Of equal names the last counts;
  // labels without a value are dropped, annotations without one are kept.
  void Begin();
  void AddLabel(std::string_view name, std::string_view value) { labels_.push_back({name, value}); }
  void AddAnnotation(std::string_view name, std::string_view value) {
    annotations_.push_back({name, value});
  }
  void SetGeneratorUrl(std::string_view url) { generator_url_ = url; }
  void SetTimes(const AlertTime& starts_at, const AlertTime& ends_at);
  void End();
  void Discard();  // in place of End
  // The parts of the one that was begun, as they came.
  std::span<const LabelView> labels() const { return std::span(labels_).subspan(LabelsBegin()); }
  std::span<const LabelView> annotations() const { return annotations_; }

  void Add(const Alert& alert);  // which is kept by the caller; its values are taken as they are

  size_t size() const { return rows_.size(); }
  IncomingAlert at(size_t i) const;

 private:
  // Compact, because the smallest alert is 22 bytes of a body.
  struct Row {
    uint64_t fingerprint = 0;
    Nanos starts_at = 0;
    Nanos ends_at = 0;
    Nanos updated_at = 0;
    double value = 0;
    int32_t starts_offset = 0;
    int32_t ends_offset = 0;
    uint32_t labels_end = 0;   // where those of the next row begin
    uint32_t details_end = 0;  // …
    AlertSource source = AlertSource::kApi;
    bool timeout = false;
  };
  size_t LabelsBegin() const { return rows_.empty() ? 0 : rows_.back().labels_end; }

  std::vector<Row> rows_;
  std::vector<LabelView> labels_;  // of all rows
  std::string details_;            // of all rows
  // Of the one that was begun:
  Row open_;
  std::vector<LabelView> annotations_;
  std::string_view generator_url_;
};

}  // namespace outrider
