// SPDX-License-Identifier: Apache-2.0
// What is asked about silences.
#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "notifiers/desk/desk_impl.h"

namespace outrider {
namespace {

constexpr Nanos kLastDay = kDay * kNanosPerMilli;

}  // namespace

std::array<uint64_t, 3> Desk::CountSilences(Nanos now) const {
  std::shared_ptr<const SilenceBook> silences;
  {
    absl::ReaderMutexLock lock(&impl_->state_mutex);
    silences = impl_->state.silences;
  }
  std::array<uint64_t, 3> counts{};
  for (const auto& [id, silence] : *silences) ++counts[static_cast<size_t>(silence.StateAt(now))];
  return counts;
}

StatusOr<SilencePreview> Desk::PreviewSilence(std::span<const Matcher> matchers, size_t limit,
                                              Nanos now) const {
  absl::flat_hash_set<uint64_t> ended;
  for (const EndedAlert& alert : TRY(EndedAlerts(matchers, now - kLastDay, SIZE_MAX))) {
    ended.insert(alert.fingerprint);
  }
  const Impl& impl = *impl_;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  SilencePreview preview;
  for (const auto& [fingerprint, record] : impl.state.alerts) {
    const bool fires = FiresAt(*record, now);
    if (fires) ++preview.firing;
    if (!MatchesAll(matchers, record->labels())) continue;
    AlertView view = impl.ViewAlert(*record, now);
    if (fires || view.alert.ends_at.nanos > now - kLastDay) {
      ++preview.last_day;
      ended.erase(fingerprint);  // counted once
    }
    if (!fires) continue;
    ++preview.matching;
    if (!view.active) ++preview.muted_before;
    if (preview.alerts.size() < limit) preview.alerts.push_back(std::move(view));
  }
  preview.last_day += ended.size();
  return preview;
}

}  // namespace outrider
