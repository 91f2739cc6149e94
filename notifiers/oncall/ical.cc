// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/ical.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace outrider {
namespace {

std::string UtcText(Nanos time) {
  return absl::FormatTime("%Y%m%dT%H%M%SZ", absl::FromUnixNanos(time), absl::UTCTimeZone());
}

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == ';' || c == ',') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c != '\r') {
      out += c;
    }
  }
  return out;
}

// Lines end in CRLF and are folded at 75 octets, never within a character.
void AddLine(const std::string& line, std::string* out) {
  size_t room = 75;
  for (size_t at = 0; at < line.size();) {
    size_t length = std::min(room, line.size() - at);
    while (at + length < line.size() && (line[at + length] & 0xC0) == 0x80) --length;
    if (at > 0) *out += ' ';
    out->append(line, at, length).append("\r\n");
    at += length;
    room = 74;  // behind the blank of a continuation
  }
}

// `began`: the start as the UID has it.
void AddEvent(const Schedule& schedule, const FixedShift& shift, const std::string& began,
              Nanos stamp, std::string* out) {
  const std::string& user = shift.user;
  AddLine("BEGIN:VEVENT", out);
  AddLine(fmt::format("UID:{}-{}-{}@outrider", Escaped(schedule.name), Escaped(user), began), out);
  AddLine("DTSTAMP:" + UtcText(stamp), out);
  AddLine("DTSTART:" + UtcText(shift.start), out);
  AddLine("DTEND:" + UtcText(shift.end), out);
  AddLine(fmt::format("SUMMARY:On call: {} ({})", Escaped(user), Escaped(schedule.name)), out);
  AddLine("END:VEVENT", out);
}

// A user's own shifts go on while only the others on call change.
std::vector<FixedShift> ShiftsOf(const std::vector<Segment>& segments) {
  std::vector<FixedShift> shifts;
  std::map<std::string, size_t> latest;  // of each user
  for (const Segment& segment : segments) {
    for (const std::string& user : segment.on_call.users) {
      const auto before = latest.find(user);
      if (before != latest.end() && shifts[before->second].end == segment.start) {
        shifts[before->second].end = segment.end;
      } else {
        latest[user] = shifts.size();
        shifts.push_back({user, segment.start, segment.end});
      }
    }
  }
  return shifts;
}

constexpr int64_t kLookBack = 14 * kDay * kNanosPerMilli;
constexpr int64_t kLongestLook = 1280 * kDay * kNanosPerMilli;

}  // namespace

// In growing steps: most shifts are short, and years of hourly ones are long.
FeedSegments SegmentsForFeed(const Schedule& schedule, Nanos from, Nanos to) {
  for (int64_t back = kLookBack;; back = std::min(4 * back, kLongestLook)) {
    FeedSegments feed{Segments(schedule, from - back, to), from, from - back};
    if (back == kLongestLook) return feed;
    const std::vector<FixedShift> shifts = ShiftsOf(feed.segments);
    const bool all = std::none_of(shifts.begin(), shifts.end(), [&](const FixedShift& shift) {
      return shift.start == feed.looked_from && shift.end > from;
    });
    if (all) return feed;
  }
}

std::string ICalendar(const Schedule& schedule, const FeedSegments& feed, const std::string& user,
                      Nanos stamp) {
  std::string out;
  AddLine("BEGIN:VCALENDAR", &out);
  AddLine("VERSION:2.0", &out);
  AddLine("PRODID:-//Outrider//On call//EN", &out);
  AddLine(fmt::format("X-WR-CALNAME:On call: {}", Escaped(schedule.name)), &out);
  AddLine("X-WR-TIMEZONE:" + schedule.zone_name, &out);
  for (const FixedShift& shift : ShiftsOf(feed.segments)) {
    if (shift.end <= feed.from || (!user.empty() && shift.user != user)) continue;
    // When it began is not known, and where the search for it began is another moment every time.
    const bool earlier = shift.start == feed.looked_from && shift.start < feed.from;
    AddEvent(schedule, shift, earlier ? "earlier" : UtcText(shift.start), stamp, &out);
  }
  AddLine("END:VCALENDAR", &out);
  return out;
}

}  // namespace outrider
