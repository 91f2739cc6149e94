// SPDX-License-Identifier: Apache-2.0
// What a clock shows. Its pauses lie anywhere behind its start, also behind a deadline that has
// passed, so a deadline is found pause by pause.
#include <algorithm>
#include <tuple>

#include "notifiers/incident/incident.h"
#include "storage/base/business_calendar.h"

namespace outrider {
namespace {

int64_t Count(const SlaClock& clock, Nanos from, Nanos to) {
  if (to <= from) return 0;
  return clock.calendar == nullptr ? to - from : clock.calendar->Between(from, to);
}

// Since the start; `last`: the last moment within, else the first behind.
Nanos MomentOf(const SlaClock& clock, int64_t amount, bool last) {
  if (clock.calendar == nullptr) return clock.started_at + amount;
  if (amount < 0) return clock.started_at;  // the clock was set back (set_back.h)
  return last ? clock.calendar->LastWithin(clock.started_at, amount)
              : clock.calendar->FirstAfter(clock.started_at, amount);
}

// 0: it stands still before.
Nanos Reaches(const SlaClock& clock, int64_t amount, bool last) {
  int64_t skipped = clock.paused;
  Nanos moment = MomentOf(clock, skipped + amount, last);
  const auto before = [&](Nanos pause) { return last ? moment < pause : moment <= pause; };
  for (const SlaPause& pause : clock.pauses) {
    if (before(pause.from)) return moment;
    skipped += Count(clock, pause.from, pause.to);
    moment = MomentOf(clock, skipped + amount, last);
  }
  return clock.Standing() && !before(clock.paused_since) ? 0 : moment;
}

int64_t Past(const SlaClock& clock) {
  int64_t sum = clock.paused;
  for (const SlaPause& pause : clock.pauses) sum += Count(clock, pause.from, pause.to);
  return sum;
}

auto Members(const SlaClock& clock) {
  return std::tie(clock.kind, clock.started_at, clock.target, clock.paused, clock.paused_since,
                  clock.stopped_at, clock.warned_50_at, clock.warned_80_at, clock.breached_at,
                  clock.discarded, clock.elapsed, clock.pauses);
}

}  // namespace

Nanos SlaClock::DeadlineAt() const { return Reaches(*this, target, /*last=*/true); }

Nanos SlaClock::WarnAt(int percent) const {
  return Reaches(*this, target / 100 * percent, /*last=*/false);
}

int64_t SlaClock::ElapsedAt(Nanos now) const {
  if (!Running()) return elapsed;
  const Nanos until = Standing() ? std::min(now, paused_since) : now;
  return std::max<int64_t>(Count(*this, started_at, until) - Past(*this), 0);
}

int64_t SlaClock::PausedAt(Nanos now) const {
  return std::max<int64_t>(Past(*this) + (Standing() ? Count(*this, paused_since, now) : 0), 0);
}

std::string_view SlaClock::CalendarName() const {
  return calendar == nullptr ? std::string_view() : calendar->name();
}

bool operator==(const SlaClock& a, const SlaClock& b) {
  return Members(a) == Members(b) && a.CalendarName() == b.CalendarName();
}

}  // namespace outrider
