// SPDX-License-Identifier: Apache-2.0
#include "tests/exporter/ingest/write_request.h"

#include "exporter/ingest/proto/remote_write_v2.pb.h"
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

std::string BodyV2(const std::vector<RawSeries>& all) {
  wire::v2::Request request;
  request.add_symbols("");
  for (const RawSeries& one : all) {
    wire::v2::TimeSeries& series = *request.add_timeseries();
    for (const LabelView& label : one.labels) {
      for (const std::string_view text : {label.name, label.value}) {
        series.add_labels_refs(static_cast<uint32_t>(request.symbols_size()));
        request.add_symbols(std::string(text));
      }
    }
    for (const Sample& sample : one.samples) {
      wire::v2::Sample& out = *series.add_samples();
      out.set_timestamp(sample.time);
      out.set_value(sample.value);
    }
  }
  return SnappyCompress(request.SerializeAsString());
}

}  // namespace outrider
