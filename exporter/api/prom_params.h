// SPDX-License-Identifier: Apache-2.0
// Parameters of the Prometheus HTTP API, with its error texts. Source: specs/prometheus.md §5.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/http/server.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/model/matcher.h"

namespace outrider {

// `invalid parameter "NAME": message`.
Status InvalidParam(std::string_view name, const std::string& message);

// Times that stand for "since ever" and "for ever" in queries for labels.
inline constexpr Timestamp kMinQueryTime = -(int64_t{1} << 53);
inline constexpr Timestamp kMaxQueryTime = int64_t{1} << 53;

// Parameters by name; of several with one name the first counts.
class ParamReader {
 public:
  static StatusOr<ParamReader> Read(HttpRequest& request);

  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  std::string_view Text(std::string_view name) const;  // "" when absent
  std::vector<std::string_view> All(std::string_view name) const;
  // Float seconds or RFC 3339; `fallback` when absent or empty, an error without one.
  StatusOr<Timestamp> Time(std::string_view name, std::optional<Timestamp> fallback) const;
  // The same in nanoseconds; a time that these do not reach is the earliest or latest that they do.
  StatusOr<Nanos> TimeNanos(std::string_view name, Nanos fallback) const;
  // Float seconds or `5m`; `fallback` when absent or empty, an error without one.
  StatusOr<DurationMs> Duration(std::string_view name, std::optional<DurationMs> fallback) const;
  // `limit` and the like: 0 or absent means no limit.
  StatusOr<size_t> Limit(std::string_view name) const;
  // The older limits: absent is -1, and any integer is taken; the error is `NAME must be a number`.
  StatusOr<int64_t> OldLimit(std::string_view name) const;
  StatusOr<bool> Bool(std::string_view name, bool fallback) const;
  // The selectors of match[], each a list of matchers that does not match everything; none is
  // allowed. The errors do not name the parameter, as most endpoints do not.
  StatusOr<std::vector<std::vector<Matcher>>> Selectors() const;

  const HttpRequest::ParamList& params() const { return params_; }

 private:
  const std::string* Find(std::string_view name) const;
  HttpRequest::ParamList params_;
};

// The error of Go's strconv, which clients see: `strconv.Atoi: parsing "x": invalid syntax`.
std::string NumberProblem(std::string_view function, std::string_view text);

}  // namespace outrider
