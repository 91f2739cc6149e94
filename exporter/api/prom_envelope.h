// SPDX-License-Identifier: Apache-2.0
// The envelope of the Prometheus HTTP API. Source: specs/prometheus.md §5.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/http/server.h"
#include "storage/base/json.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"

namespace outrider {

// `{"status":"success","data":…}`; warnings and infos only when there are any, ten of each and how
// many more there are. `data` is one JSON
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
// A handler that may fail becomes one that answers with an error envelope.
using PromHandler = std::function<StatusOr<HttpResponse>(HttpRequest&)>;
HttpHandler PromRoute(PromHandler handler);

void WriteLabels(const Labels& labels, JsonWriter* json);

}  // namespace outrider
