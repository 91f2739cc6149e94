// SPDX-License-Identifier: Apache-2.0
#include "tests/exporter/ingest/write_request.h"

#include "protozero/pbf_writer.hpp"

namespace outrider {

std::string EncodeRaw(const std::vector<RawSeries>& all) {
  std::string body;
  protozero::pbf_writer request(body);
  for (const RawSeries& one : all) {
    protozero::pbf_writer series(request, 1);
    for (const LabelView& label : one.labels) {
      protozero::pbf_writer writer(series, 1);
      writer.add_string(1, label.name.data(), label.name.size());
      writer.add_string(2, label.value.data(), label.value.size());
    }
    for (const Sample& sample : one.samples) {
      protozero::pbf_writer writer(series, 2);
      writer.add_double(1, sample.value);
      writer.add_int64(2, sample.time);
    }
  }
  return body;
}

}  // namespace outrider
