// SPDX-License-Identifier: Apache-2.0
// A query's result as the Prometheus API writes it, piece by piece. Source: specs/prometheus.md §5
// "Numbers".
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "rules/promql/value.h"

namespace outrider {

// Cuts a vector or matrix to `limit` series (0: no limit); true if something was cut.
bool TruncateValue(size_t limit, promql::Value* value);

// Produces `{"resultType":…,"result":…[,"stats":…]}`: Next appends a few series at a time. Not
// thread-safe.
class ValueJson {
 public:
  // `stats`: a JSON value, or "".
  ValueJson(std::shared_ptr<const promql::QueryResult> result, std::string stats)
      : result_(std::move(result)), stats_(std::move(stats)) {}
  bool Next(std::string* out);  // false: that was the last piece

 private:
  void AppendHead(std::string* out) const;
  bool AppendSeries(std::string* out);

  std::shared_ptr<const promql::QueryResult> result_;
  std::string stats_;
  bool started_ = false;
  size_t next_ = 0;
};

}  // namespace outrider
