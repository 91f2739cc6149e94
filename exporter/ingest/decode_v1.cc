// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/decode_v1.h"

#include "fmt/format.h"
#include "protozero/pbf_reader.hpp"

namespace outrider {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr uint32_t Field(uint32_t number, pbf_wire_type type) {
  return protozero::tag_and_type(number, type);
}
constexpr auto kBytes = pbf_wire_type::length_delimited;
constexpr auto kVarint = pbf_wire_type::varint;
constexpr auto kDouble = pbf_wire_type::fixed64;

std::string_view View(pbf_reader& reader) {
  const protozero::data_view view = reader.get_view();
  return {view.data(), view.size()};
}

struct BadField {
  const char* message;
  uint32_t number;
};

// A known field with another wire type is an error, as in the generated decoders; unknown fields
// are passed over.
void SkipUnknown(pbf_reader& reader, const char* message, uint32_t known) {
  if (reader.tag() <= known) throw BadField{message, reader.tag()};
  reader.skip();
}

void ReadLabel(pbf_reader reader, V1Series* series) {
  LabelView label;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case Field(1, kBytes):
        label.name = View(reader);
        break;
      case Field(2, kBytes):
        label.value = View(reader);
        break;
      default:
        SkipUnknown(reader, "Label", 2);
    }
  }
  if (series->labels.size() < kMaxLabels) {
    series->labels.push_back(label);
  } else {
    series->too_many_labels = true;
  }
}

void ReadSample(pbf_reader reader, V1Series* series) {
  Sample sample;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case Field(1, kDouble):
        sample.value = reader.get_double();
        break;
      case Field(2, kVarint):
        sample.time = reader.get_int64();
        break;
      default:
        SkipUnknown(reader, "Sample", 2);
    }
  }
  series->samples.push_back(sample);
}

void ReadSeries(pbf_reader reader, V1Series* series) {
  series->labels.clear();
  series->samples.clear();
  series->exemplars = series->histograms = 0;
  series->too_many_labels = false;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case Field(1, kBytes):
        ReadLabel(reader.get_message(), series);
        break;
      case Field(2, kBytes):
        ReadSample(reader.get_message(), series);
        break;
      case Field(3, kBytes):
        reader.skip();
        ++series->exemplars;
        break;
      case Field(4, kBytes):
        reader.skip();
        ++series->histograms;
        break;
      default:
        SkipUnknown(reader, "TimeSeries", 4);
    }
  }
}

}  // namespace

struct V1Decoder::Reader {
  pbf_reader pbf;
};

V1Decoder::V1Decoder(std::string_view body)
    : reader_(std::make_unique<Reader>(Reader{pbf_reader(body.data(), body.size())})) {}
V1Decoder::~V1Decoder() = default;

StatusOr<bool> V1Decoder::Next(V1Series* series) {
  pbf_reader& reader = reader_->pbf;
  try {
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case Field(1, kBytes):
          ReadSeries(reader.get_message(), series);
          return true;
        case Field(3, kBytes):
          reader.skip();
          ++metadata_;
          break;
        default:
          // Field 2 is reserved (Cortex' source); anything else is from the future.
          if (reader.tag() == 1 || reader.tag() == 3) throw BadField{"WriteRequest", reader.tag()};
          reader.skip();
      }
    }
    return false;
  } catch (const protozero::exception& error) {
    return InvalidArgument(fmt::format("protobuf: {}", error.what()));
  } catch (const BadField& field) {
    return InvalidArgument(
        fmt::format("protobuf: field {} of {} has a wrong type", field.number, field.message));
  }
}

StatusOr<V1Totals> CheckV1(std::string_view body) {
  V1Totals totals;
  V1Decoder decoder(body);
  V1Series series;
  while (TRY(decoder.Next(&series))) {
    ++totals.series;
    totals.samples += series.samples.size();
  }
  return totals;
}

}  // namespace outrider
