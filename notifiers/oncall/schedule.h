// SPDX-License-Identifier: Apache-2.0
// A schedule: who is on call at an instant. A temporary schedule replaces everything while it
// lasts; else overrides change what the layers say, and swaps what the overrides left. Values, safe
// to read from several threads. Source: specs/incidents_oncall_slo.md §2.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/oncall/restriction.h"
#include "notifiers/oncall/rotation.h"
#include "storage/base/clock.h"

namespace outrider {

struct FixedShift {
  std::string user;
  Nanos start = 0;
  Nanos end = 0;
};

// Of the layers that have somebody, those of the highest priority hold; several of one priority are
// on call together.
struct Layer {
  std::string name;
  int priority = 0;
  Rotation rotation;
  std::vector<WeekWindow> windows;  // in the schedule's zone; none: always
  Nanos until = 0;                  // 0: for ever. The begin is the rotation's start.
  // Of an imported calendar, in place of the rotation: by start, and how long the longest is.
  bool imported = false;
  std::vector<FixedShift> shifts;
  int64_t longest_shift = 0;
};

enum class OverrideKind : uint8_t { kAdd, kRemove, kReplace };
// Holds in [start, end).
struct Override {
  OverrideKind kind = OverrideKind::kReplace;
  std::string user;      // who comes (add, replace) or goes (remove)
  std::string replaced;  // replace: who goes; "" : whoever is on call
  Nanos start = 0;
  Nanos end = 0;
  std::string reason;
};

// One takes the other's shift, in [start, end). A swap of two shifts is two of these; those that
// hold at the same time are looked at together, so that an exchange loses nobody.
struct Substitution {
  std::string from;
  std::string to;
  Nanos start = 0;
  Nanos end = 0;
};

// In [start, end) these shifts and nothing else hold.
struct TemporarySchedule {
  Nanos start = 0;
  Nanos end = 0;
  std::vector<FixedShift> shifts;
};

// In place of Schedule::gap_severity: no warnings.
inline constexpr std::string_view kNoGapCheck = "none";

struct Schedule {
  std::string name;
  std::string zone_name = "UTC";
  absl::TimeZone zone = absl::UTCTimeZone();
  std::vector<Layer> layers;
  std::vector<Override> overrides;
  std::vector<Substitution> substitutions;
  std::vector<TemporarySchedule> temporary;
  std::vector<std::string> fallback;  // users who are told when nobody is on call
  // Of the warning that nobody is on call, or nobody who can be reached, within the next 14 days.
  std::string gap_severity = "medium";
  std::string team;  // whose operators may change it; "" : no team's
};

enum class OnCallSource : uint8_t { kNobody, kLayer, kOverride, kTemporary };
std::string_view OnCallSourceText(OnCallSource source);  // nobody, layer, override, temporary

struct OnCall {
  std::vector<std::string> users;  // each once, in the order of the layers
  OnCallSource source = OnCallSource::kNobody;
  std::string layer;  // the first that holds, "" when none does
  friend bool operator==(const OnCall&, const OnCall&) = default;
};
OnCall OnCallAt(const Schedule& schedule, Nanos time);

// A stretch of time in which the same people are on call.
struct Segment {
  Nanos start = 0;
  Nanos end = 0;
  OnCall on_call;
  friend bool operator==(const Segment&, const Segment&) = default;
};
// [from, to) without gaps or overlaps, neighbours with the same people made one; where nobody is on
// call, a segment without users. n log n in the number of hand-offs.
std::vector<Segment> Segments(const Schedule& schedule, Nanos from, Nanos to);
// The first segment that begins after `time` with other people, if there is one within `horizon`
// nanoseconds; it may go on after its `end` then.
std::optional<Segment> NextOnCall(const Schedule& schedule, Nanos time, int64_t horizon);
// Where nobody is on call.
std::vector<Segment> Gaps(const Schedule& schedule, Nanos from, Nanos to);

}  // namespace outrider
