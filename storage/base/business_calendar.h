// SPDX-License-Identifier: Apache-2.0
// Time that counts by a calendar: hours of the week as the clocks of a zone show them, holidays
// left out. Hours begin and end at local times, so a day on which clocks change is as long as it
// is there. A holiday is a local day; of hours across midnight, the part on the holiday is left
// out. Source: specs/incidents_oncall_slo.md §2.4 and §2.1.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "storage/base/clock.h"

namespace outrider {

// Immutable, safe to read from several threads. A question costs a search over the weeks since
// 2020 and a walk over at most some days; years before 2020 and after 2060 cost a walk over their
// days, of the latter at most five: what lies behind them is reckoned by whole weeks.
class BusinessCalendar {
 public:
  // Minutes after midnight, 0 <= start < end <= 1440.
  struct Hours {
    int start = 0;
    int end = 0;
    friend bool operator==(const Hours&, const Hours&) = default;
  };
  using Week = std::array<std::vector<Hours>, 7>;  // [0] is Monday; any order, may overlap
  struct Options {
    std::string name;
    std::string zone_name = "UTC";
    absl::TimeZone zone = absl::UTCTimeZone();
    Week week;  // without any hours: all time counts, holidays too
    std::vector<absl::CivilDay> holidays;
  };

  explicit BusinessCalendar(Options options);

  const std::string& name() const { return options_.name; }
  const Options& options() const { return options_; }
  // All time counts.
  bool always() const { return always_; }

  // Nanoseconds of [from, to) that count; 0 when `to` is not later.
  int64_t Between(Nanos from, Nanos to) const;
  // The first instant by which `amount` nanoseconds have counted since `from`; `from` for none.
  Nanos FirstAfter(Nanos from, int64_t amount) const;
  // The last instant by which no more than `amount` have: when a business day ends with them, the
  // start of the next.
  Nanos LastWithin(Nanos from, int64_t amount) const;

 private:
  std::span<const Hours> HoursOf(absl::CivilDay day) const;
  int64_t CountDay(absl::CivilDay day) const;
  // Of [first day, start of `day`); negative before the first day.
  int64_t CountUntil(absl::CivilDay day) const;
  int64_t CountUntil(Nanos time) const;
  Nanos Find(int64_t total, bool last) const;

  Options options_;
  bool always_ = false;
  std::vector<int64_t> weeks_;  // what counts until the start of each week since the first day
};

}  // namespace outrider
