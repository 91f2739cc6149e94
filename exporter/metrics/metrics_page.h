// SPDX-License-Identifier: Apache-2.0
// /metrics: asks every source at each scrape, so that a series disappears with its source.
#pragma once

#include <functional>
#include <vector>

#include "exporter/http/server.h"
#include "exporter/metrics/metric_sink.h"

namespace outrider {

// Sources are added before the server starts; after that it is thread-safe if the sources are.
class MetricsPage {
 public:
  using Source = std::function<void(MetricSink&)>;
  void Add(Source source) { sources_.push_back(std::move(source)); }
  // Text or OpenMetrics by the Accept header, in pieces. The page must outlive the router.
  void Register(Router& router) const;
  HttpResponse Render(std::string_view accept) const;

 private:
  std::vector<Source> sources_;
};

}  // namespace outrider
