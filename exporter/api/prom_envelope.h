// SPDX-License-Identifier: Apache-2.0
// The envelope of the Prometheus HTTP API and its parameters. Source: specs/prometheus.md §5.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/http/server.h"
#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/matcher.h"

namespace outrider {

// `{"status":"success","data":…}`; warnings and infos only when there are any. `data` is one JSON
// value.
HttpResponse PromSuccess(std::string_view data, const std::vector<std::string>& warnings = {},
                         const std::vector<std::string>& infos = {});
// The same around data that comes in pieces: `next` appends some and says whether there is more.
// Answers of less than some 64 KB are sent whole.
HttpResponse PromStream(std::function<bool(std::string* piece)> next,
                        const std::vector<std::string>& warnings,
                        const std::vector<std::string>& infos);

// Error type and code by status: InvalidArgument bad_data 400, FailedPrecondition and
// ResourceExhausted execution 422, Cancelled canceled 499, DeadlineExceeded timeout 503, NotFound
// not_found 404, Unavailable unavailable 500, others internal 500.
HttpResponse PromError(const Status& status);
// `invalid parameter "NAME": message`.
Status InvalidParam(std::string_view name, const std::string& message);

// Parameters by name; of several with one name the first counts.
class ParamReader {
 public:
  static StatusOr<ParamReader> Read(HttpRequest& request);

  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  std::string_view Text(std::string_view name) const;  // "" when absent
  std::vector<std::string_view> All(std::string_view name) const;
  // Float seconds or RFC 3339; `fallback` when absent or empty, an error without one.
  StatusOr<Timestamp> Time(std::string_view name, std::optional<Timestamp> fallback) const;
  // Float seconds or `5m`; `fallback` when absent or empty, an error without one.
  StatusOr<DurationMs> Duration(std::string_view name, std::optional<DurationMs> fallback) const;
  // `limit` and the like: 0 or absent means no limit.
  StatusOr<size_t> Limit(std::string_view name) const;
  StatusOr<bool> Bool(std::string_view name, bool fallback) const;
  // The selectors of match[], each a list of matchers that does not match everything; none is
  // allowed.
  StatusOr<std::vector<std::vector<Matcher>>> Selectors() const;

  const HttpRequest::ParamList& params() const { return params_; }

 private:
  const std::string* Find(std::string_view name) const;
  HttpRequest::ParamList params_;
};

// A handler that may fail becomes one that answers with an error envelope.
using PromHandler = std::function<StatusOr<HttpResponse>(HttpRequest&)>;
HttpHandler PromRoute(PromHandler handler);

void WriteLabels(const Labels& labels, JsonWriter* json);

// Times that stand for "since ever" and "for ever" in queries for labels.
inline constexpr Timestamp kMinQueryTime = -(int64_t{1} << 53);
inline constexpr Timestamp kMaxQueryTime = int64_t{1} << 53;

}  // namespace outrider
