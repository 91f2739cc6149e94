// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/metrics_page.h"

#include "exporter/metrics/exposition.h"

namespace outrider {

HttpResponse MetricsPage::Render(std::string_view accept) const {
  MetricSink sink;
  for (const Source& source : sources_) source(sink);
  const Exposition format = NegotiateExposition(accept);
  auto writer = std::make_shared<ExpositionWriter>(sink.Take(), format);
  HttpResponse response = HttpResponse::Text(200, "");
  response.content_type = std::string(ExpositionContentType(format));
  response.stream = [writer](std::string* piece) { return writer->Next(piece); };
  return response;
}

void MetricsPage::Register(Router& router) const {
  router.Add("GET", "/metrics",
             [this](HttpRequest& request) { return Render(request.Header("Accept")); });
}

}  // namespace outrider
