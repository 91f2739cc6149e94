// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/auto_detector.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rules/detect/detector_table.h"
#include "rules/detect/saved_fields.h"

namespace outrider {
namespace {

constexpr DurationMs kFirstLook = kDay;
constexpr uint64_t kFirstSamples = 200;
constexpr DurationMs kSecondLook = 3 * kDay;  // seasons can be told from then on
constexpr DurationMs kLookAgain = 7 * kDay;

bool ShareDetector(Shape a, Shape b) {
  const auto is_default = [](Shape s) {
    return s == Shape::kUnclear || s == Shape::kSpiky || s == Shape::kSeasonal;
  };
  return a == b || (is_default(a) && is_default(b));
}

}  // namespace

AutoDetector::AutoDetector(const DetectorOptions& options, absl::TimeZone zone, Factory factory)
    : options_(options),
      factory_(factory),
      local_time_(zone),
      chosen_(factory(Shape::kUnclear, options)),
      because_("not looked at for long enough yet") {}

Verdict AutoDetector::Observe(Timestamp time, double value) {
  constexpr double kLargestValue = 1e150;
  value = std::clamp(value, -kLargestValue, kLargestValue);
  look_.Observe(time, local_time_.At(time), value);
  const DurationMs span = look_.span();
  const DurationMs due = looked_at_ == 0            ? kFirstLook
                         : looked_at_ < kSecondLook ? kSecondLook
                                                    : looked_at_ + kLookAgain;
  if (span >= due && look_.samples() >= kFirstSamples) Look();
  Verdict verdict = chosen_->Observe(time, value);
  if (next_ != nullptr) {
    const Verdict next = next_->Observe(time, value);
    if (!std::isnan(next.state)) {
      chosen_ = std::move(next_);
      shape_ = next_shape_;
      verdict = next;
    }
  }
  return verdict;
}

void AutoDetector::Look() {
  looked_at_ = look_.span();
  SeriesShape::Finding finding = look_.Judge();
  because_ = std::move(finding.because);
  if (ShareDetector(finding.shape, shape_)) {
    shape_ = finding.shape;
    next_ = nullptr;
    return;
  }
  const bool warms_up = next_ != nullptr && ShareDetector(finding.shape, next_shape_);
  next_shape_ = finding.shape;
  if (!warms_up) next_ = factory_(finding.shape, options_);
}

Explanation AutoDetector::Explain() const {
  Explanation explanation = chosen_->Explain();
  explanation.chosen_because = because_;
  return explanation;
}

void AutoDetector::Save(RowWriter& out) const {
  look_.Save(out);
  out.I64(looked_at_).Text(because_).Enum(shape_);
  chosen_->Save(out);
  out.Bool(next_ != nullptr);
  if (next_ == nullptr) return;
  out.Enum(next_shape_);
  next_->Save(out);
}

std::unique_ptr<SeriesDetector> AutoDetector::Saved(Shape shape, RowReader& in) const {
  auto detector = factory_(shape, options_);
  if (shape == Shape::kSpiky && in.format() < 4) {
    // It was another detector then; this one begins anew.
    if (auto former = MakeSeriesDetector("quantile", options_); former.ok()) (*former)->Load(in);
  } else {
    detector->Load(in);
  }
  return detector;
}

void AutoDetector::Load(RowReader& in) {
  look_.Load(in);
  looked_at_ = TakeDuration(in);
  because_ = in.Text();
  shape_ = in.Enum(Shape::kSeasonal);
  chosen_ = Saved(shape_, in);
  if (!in.Bool()) return;
  next_shape_ = in.Enum(Shape::kSeasonal);
  next_ = Saved(next_shape_, in);
}

size_t AutoDetector::MemoryBytes() const {
  return sizeof(*this) + because_.capacity() + options_.time_zone.capacity() +
         chosen_->MemoryBytes() + (next_ == nullptr ? 0 : next_->MemoryBytes());
}

}  // namespace outrider
