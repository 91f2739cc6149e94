// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/weekly_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/time/time.h"
#include "exporter/advice/cells.h"
#include "exporter/advice/opportunities.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMost = 5;
constexpr std::array<std::string_view, 7> kDays = {"sunday",   "monday", "tuesday", "wednesday",
                                                   "thursday", "friday", "saturday"};

// Of all samples of the last judged day, the share above what was recommended the day before.
struct Violations {
  double above = 0;
  double samples = 0;
};

void Add(const ResourceAdvice& advice, Violations* violations) {
  if (!advice.judged || advice.judged->samples == 0) return;
  const auto samples = static_cast<double>(advice.judged->samples);
  violations->above += advice.judged->violation_ratio * samples;
  violations->samples += samples;
}

std::string JudgedLine(const AdviceReport& report) {
  Violations cpu;
  Violations memory;
  for (const Recommendation& row : report.rows) {
    Add(row.cpu, &cpu);
    Add(row.memory, &memory);
  }
  const auto text = [](const Violations& one) {
    return one.samples > 0 ? PercentText(one.above / one.samples) : std::string("not judged yet");
  };
  if (cpu.samples == 0 && memory.samples == 0) return "";
  return fmt::format("Use above the recommendation of the day before: CPU {}, memory {}\n",
                     text(cpu), text(memory));
}

std::string MoneyLines(const AdviceReport& report, const AdviceTotals& totals,
                       const SummarySubject& subject) {
  const auto money = [&](double amount) { return MoneyText(amount, report.currency); };
  std::string out;
  if (report.spend_per_month) {
    out += fmt::format("Spend: {} a month\n", money(*report.spend_per_month));
  }
  if (totals.savings_per_month) {
    out += fmt::format("Possible savings: {} a month, {} a year\n",
                       money(*totals.savings_per_month), money(12 * *totals.savings_per_month));
  }
  if (subject.realised_per_month) {
    out += fmt::format("Realised savings: {} a month\n", money(*subject.realised_per_month));
  }
  return out;
}

std::string Line(const Recommendation& row, const AdviceReport& report) {
  const auto savings = SavingsPerMonth(row);
  std::string what = WorkloadText(row.key);
  if (!row.container.empty()) what += ", " + OneLine(row.container);
  return fmt::format(
      "- {}: CPU {}, memory {}{}\n", what, RequestCell(ChangeOf(Resource::kCpu, row.cpu)),
      RequestCell(ChangeOf(Resource::kMemory, row.memory)),
      savings ? fmt::format(", {} a month", SignedMoneyText(*savings, report.currency)) : "");
}

std::string Section(std::string_view title, const std::vector<const Recommendation*>& rows,
                    const AdviceReport& report) {
  if (rows.empty()) return "";
  std::string out = fmt::format("{}:\n", title);
  for (const Recommendation* row : rows) out += Line(*row, report);
  return out;
}

std::string TitleOf(const std::optional<double>& savings, std::string_view currency) {
  if (!savings) return "not enough data yet";
  const std::string amount = MoneyText(std::abs(*savings), currency);
  return amount + (*savings > -0.005 ? " a month can be saved" : " a month more is needed");
}

}  // namespace

WeeklySummary MakeWeeklySummary(const AdviceReport& report, const SummarySubject& subject) {
  const AdviceTotals totals = TotalsOf(report.rows);
  WeeklySummary summary;
  const std::string whose =
      subject.team.empty() ? "Right-sizing" : "Right-sizing of " + OneLine(subject.team);
  if (report.rows.empty()) {
    summary.title = whose + ": nothing was seen";
    summary.text = "Nothing that runs was seen.\n";
    return summary;
  }
  summary.title = whose + ": " + TitleOf(totals.savings_per_month, report.currency);
  summary.text = MoneyLines(report, totals, subject);
  summary.text += fmt::format("Containers: {}, without enough data: {}\n", totals.containers,
                              totals.without_data);
  if (totals.score) {
    summary.text += fmt::format("Score: {} ({} of 100)\n", GradeOf(*totals.score), *totals.score);
  }
  summary.text += JudgedLine(report);
  summary.text += Section("Top savings", TopSavings(report.rows, kMost), report);
  summary.text += Section("Needs more", TopNeeds(report.rows, kMost), report);
  if (!subject.link.empty()) summary.text += fmt::format("More: {}\n", subject.link);
  return summary;
}

StatusOr<WeeklySlot> ParseWeeklySlot(std::string_view text) {
  Status error = InvalidArgument(
      fmt::format("{}: want a day of the week and a time, such as monday 09:00", Quote(text)));
  const std::vector<std::string_view> words = Split(Trim(text), ' ');
  if (words.size() != 2) return error;
  const auto* day = std::ranges::find(kDays, ToLower(words[0]));
  const std::string_view clock = words[1];
  if (day == kDays.end() || clock.size() != 5 || clock[2] != ':') return error;
  if ((std::string(clock.substr(0, 2)) + std::string(clock.substr(3)))
          .find_first_not_of("0123456789") != std::string::npos) {
    return error;
  }
  WeeklySlot slot;
  slot.weekday = static_cast<int>(day - kDays.begin());
  slot.hour = static_cast<int>(TRY(ParseInt(clock.substr(0, 2))));
  slot.minute = static_cast<int>(TRY(ParseInt(clock.substr(3))));
  if (slot.hour > 23 || slot.minute > 59) return error;
  return slot;
}

StatusOr<Timestamp> LastSlot(const WeeklySlot& slot, std::string_view time_zone, Timestamp now) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(std::string(time_zone), &zone)) {
    return InvalidArgument(
        fmt::format("{} is no time zone that this machine knows", Quote(time_zone)));
  }
  const auto today = absl::ToCivilDay(absl::FromUnixMillis(now), zone);
  for (int back = 0; back <= 7; ++back) {
    const absl::CivilDay day = today - back;
    // absl counts from Monday; the configuration from Sunday.
    const int weekday = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;
    if (weekday != slot.weekday) continue;
    const absl::CivilSecond moment(day.year(), day.month(), day.day(), slot.hour, slot.minute, 0);
    const absl::TimeZone::TimeInfo info = zone.At(moment);
    const bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
    const Timestamp time = absl::ToUnixMillis(skipped ? info.trans : info.pre);
    if (time <= now) return time;
  }
  return Internal("a week without its day");  // there are eight days in the loop
}

}  // namespace outrider
