// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/decode_v1_extra.h"

#include "exporter/ingest/decode_v2.h"
#include "exporter/ingest/wire_label.h"
#include "exporter/ingest/wire_reader.h"

namespace outrider {
namespace {}  // namespace

Status DecodeExemplarV1(std::string_view message, IncomingExemplar* out) {
  out->labels.clear();
  out->value = 0;
  out->time = 0;
  WireError error;
  WireReader reader(message, &error);
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireBytes): {
        const LabelView label = ReadLabel(reader.Message());
        if (out->labels.size() < kMaxExemplarLabels) out->labels.push_back(label);
        break;
      }
      case WireTag(2, kWireDouble):
        out->value = reader.Double();
        break;
      case WireTag(3, kWireVarint):
        out->time = reader.Int64();
        break;
      default:
        reader.SkipUnknown("Exemplar", 3);
    }
  }
  return error.ToStatus();
}

Status DecodeMetadataV1(std::string_view message, std::string_view* family, IncomingMetadata* out) {
  *family = {};
  *out = {};
  WireError error;
  WireReader reader(message, &error);
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireVarint): {
        const uint64_t type = reader.Varint();
        out->type = type < kMetricTypes ? static_cast<MetricType>(type) : MetricType::kUnknown;
        break;
      }
      case WireTag(2, kWireBytes):
        *family = reader.Bytes();
        break;
      case WireTag(4, kWireBytes):
        out->help = reader.Bytes();
        break;
      case WireTag(5, kWireBytes):
        out->unit = reader.Bytes();
        break;
      default:
        if (reader.field() == 3) {
          reader.Skip();  // was never given out
        } else {
          reader.SkipUnknown("MetricMetadata", 5);
        }
    }
  }
  return error.ToStatus();
}

}  // namespace outrider
