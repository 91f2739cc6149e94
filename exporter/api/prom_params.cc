// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/prom_params.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "rules/promql/parser.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// The ends of time as clients of Go print them: years of more than four digits.
constexpr std::string_view kGoMinTime = "-292273086-05-16T16:47:06Z";
constexpr std::string_view kGoMaxTime = "292277025-08-18T07:12:54.999999999Z";

StatusOr<Timestamp> ParseTime(std::string_view text) {
  if (text == kGoMinTime) return kMinQueryTime;
  if (text == kGoMaxTime) return kMaxQueryTime;
  // RFC 3339 allows a blank for the T, which Prometheus does not take.
  if (text.find(' ') != std::string_view::npos) return InvalidArgument("no blanks");
  return ParseApiTime(text);
}

}  // namespace

Status InvalidParam(std::string_view name, const std::string& message) {
  return InvalidArgument(fmt::format("invalid parameter {}: {}", Quote(name), message));
}

std::string NumberProblem(std::string_view function, std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+') || digits.starts_with('-')) digits.remove_prefix(1);
  const bool whole =
      !digits.empty() && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  return fmt::format("strconv.{}: parsing {}: {}", function, Quote(text),
                     whole ? "value out of range" : "invalid syntax");
}

StatusOr<ParamReader> ParamReader::Read(HttpRequest& request) {
  StatusOr<HttpRequest::ParamList> params = request.Params();
  if (!params.ok()) {
    return InvalidArgument("error parsing form values: " + Message(params.status()));
  }
  ParamReader reader;
  reader.params_ = *std::move(params);
  return reader;
}

const std::string* ParamReader::Find(std::string_view name) const {
  for (const auto& [key, value] : params_) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string_view ParamReader::Text(std::string_view name) const {
  const std::string* value = Find(name);
  return value == nullptr ? std::string_view() : *value;
}

std::vector<std::string_view> ParamReader::All(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const auto& [key, value] : params_) {
    if (key == name) out.emplace_back(value);
  }
  return out;
}

StatusOr<Timestamp> ParamReader::Time(std::string_view name,
                                      std::optional<Timestamp> fallback) const {
  const std::string_view text = Text(name);
  if (text.empty() && fallback) return *fallback;
  const StatusOr<Timestamp> time = ParseTime(text);
  if (time.ok()) return *time;
  // Prometheus names an optional parameter twice.
  return InvalidParam(
      name,
      fmt::format("{}cannot parse {} to a valid timestamp",
                  fallback ? fmt::format("invalid time value for '{}': ", name) : "", Quote(text)));
}

StatusOr<Nanos> ParamReader::TimeNanos(std::string_view name, Nanos fallback) const {
  constexpr Timestamp kEnd = std::numeric_limits<Nanos>::max() / kNanosPerMilli;
  if (Text(name).empty()) return fallback;
  return std::clamp(TRY(Time(name, std::nullopt)), -kEnd, kEnd) * kNanosPerMilli;
}

StatusOr<DurationMs> ParamReader::Duration(std::string_view name,
                                           std::optional<DurationMs> fallback) const {
  const std::string_view text = Text(name);
  if (text.empty() && fallback) return *fallback;
  const StatusOr<DurationMs> duration = ParseApiDuration(text);
  if (duration.ok()) return *duration;
  return InvalidParam(name, Message(duration.status()));
}

StatusOr<size_t> ParamReader::Limit(std::string_view name) const {
  const std::string_view text = Text(name);
  if (text.empty()) return size_t{0};
  const StatusOr<int64_t> limit = ParseInt(text);
  if (!limit.ok()) return InvalidParam(name, NumberProblem("Atoi", text));
  if (*limit < 0) return InvalidParam(name, "limit must be non-negative");
  return static_cast<size_t>(*limit);
}

StatusOr<int64_t> ParamReader::OldLimit(std::string_view name) const {
  const std::string_view text = Text(name);
  if (text.empty()) return int64_t{-1};
  const StatusOr<int64_t> limit = ParseInt(text);
  if (!limit.ok()) return InvalidArgument(fmt::format("{} must be a number", name));
  return *limit;
}

StatusOr<bool> ParamReader::Bool(std::string_view name, bool fallback) const {
  const std::string text = ToLower(Text(name));
  if (text.empty()) return fallback;
  if (text == "1" || text == "t" || text == "true") return true;
  if (text == "0" || text == "f" || text == "false") return false;
  return InvalidParam(name, fmt::format("error converting {}: strconv.ParseBool: parsing {}: "
                                        "invalid syntax",
                                        name, Quote(text)));
}

StatusOr<std::vector<std::vector<Matcher>>> ParamReader::Selectors() const {
  std::vector<std::vector<Matcher>> out;
  for (std::string_view text : All("match[]")) {
    if (Trim(text).empty()) {
      return InvalidArgument("unknown position: parse error: unexpected end of input");
    }
    StatusOr<std::vector<Matcher>> matchers = promql::ParseSelector(text);
    if (matchers.ok()) {
      out.push_back(*std::move(matchers));
    } else if (Contains(Message(matchers.status()), "at least one non-empty matcher")) {
      return InvalidArgument("match[] must contain at least one non-empty matcher");
    } else {
      return matchers.status();
    }
  }
  return out;
}

}  // namespace outrider
