// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/alert_windows.h"

#include "fmt/format.h"

namespace outrider {
namespace {

Status ReadPair(const YamlNode& side, const char* speed, SloSeverity severity,
                const std::string& file, AlertWindows* out) {
  const YamlNode* node = side.Find(speed);
  if (node == nullptr) return YamlError(file, side, fmt::format("{} is needed", speed));
  YamlReader reader(*node, file, "alert windows");
  double percent = 0;
  BurnWindows windows{.severity = severity, .quick = std::string_view(speed) == "quick"};
  reader.Double("errorBudgetPercent", &percent);
  reader.Duration("shortWindow", &windows.short_window);
  reader.Duration("longWindow", &windows.long_window);
  TRY(reader.Finish());
  if (!(percent > 0 && percent <= 100)) {
    return YamlError(file, *node, "errorBudgetPercent must be above 0 and up to 100");
  }
  if (windows.short_window < kMinute || windows.long_window <= windows.short_window ||
      windows.long_window > out->period) {
    return YamlError(file, *node, "a minute ≤ shortWindow < longWindow ≤ sloPeriod is needed");
  }
  windows.factor = BurnFactor(percent / 100, out->period, windows.long_window);
  out->windows.push_back(windows);
  return absl::OkStatus();
}

Status ReadSide(const YamlNode* node, SloSeverity severity, const std::string& file,
                AlertWindows* out) {
  YamlReader reader(*node, file, "alert windows");
  reader.Child("quick");
  reader.Child("slow");
  TRY(reader.Finish());
  TRY(ReadPair(*node, "quick", severity, file, out));
  return ReadPair(*node, "slow", severity, file, out);
}

}  // namespace

StatusOr<AlertWindows> ReadAlertWindows(const YamlNode& document, const std::string& file) {
  AlertWindows out;
  out.place = fmt::format("{}:{}:{}", file, document.line, document.column);
  YamlReader reader(document, file, "AlertWindows");
  reader.Child("apiVersion");
  reader.Child("kind");
  reader.Child("metadata");
  const YamlNode* spec = reader.Child("spec");
  if (spec == nullptr || !spec->IsMap()) reader.Fail("spec", "a spec is needed");
  TRY(reader.Finish());
  YamlReader inner(*spec, file, "spec");
  if (!inner.Duration("sloPeriod", &out.period)) inner.Fail("sloPeriod", "sloPeriod is needed");
  const YamlNode* page = inner.Child("page");
  const YamlNode* ticket = inner.Child("ticket");
  if (page == nullptr) inner.Fail("page", "page is needed");
  if (ticket == nullptr) inner.Fail("ticket", "ticket is needed");
  TRY(inner.Finish());
  TRY(ReadSide(page, SloSeverity::kPage, file, &out));
  TRY(ReadSide(ticket, SloSeverity::kTicket, file, &out));
  return out;
}

}  // namespace outrider
