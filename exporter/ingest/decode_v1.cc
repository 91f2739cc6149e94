// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/decode_v1.h"

#include "exporter/ingest/decode_v1_extra.h"
#include "exporter/ingest/wire_label.h"
#include "exporter/ingest/wire_reader.h"
#include "exporter/ingest/wire_sample.h"
#include "storage/base/hash.h"

namespace outrider {
namespace {

Sample ReadSample(WireReader reader) {
  Sample sample;
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireDouble):
        sample.value = reader.Double();
        break;
      case WireTag(2, kWireVarint):
        sample.time = reader.Int64();
        break;
      default:
        reader.SkipUnknown("Sample", 2);
    }
  }
  return sample;
}

void TakeLabel(const LabelView& label, IncomingSeries* out) {
  if (out->labels.size() < kMaxLabels) {
    out->labels.push_back(label);
  } else {
    out->too_many_labels = true;
  }
}

// A field of this tag whose length has one byte. Empty: the next one is another.
std::string_view ShortField(const char* at, const char* end, uint8_t tag) {
  if (end - at < 2 || static_cast<uint8_t>(at[0]) != tag) return {};
  const auto size = static_cast<uint8_t>(at[1]);
  if (size >= 0x80 || size > end - at - 2) return {};
  return {at + 2, size};
}

}  // namespace

// Nearly every series: short labels, then samples as nearly everybody writes them. False when it
// is anything else.
bool V1Rows::ParsePlain(std::string_view message, const Hasher128& hasher) {
  const char* at = message.data();
  const char* const end = at + message.size();
  std::string_view field = ShortField(at, end, WireTag(1, kWireBytes));
  for (; !field.empty(); field = ShortField(at, end, WireTag(1, kWireBytes))) {
    at = field.data() + field.size();
  }
  const std::string_view labels(message.data(), static_cast<size_t>(at - message.data()));
  if (labels.empty() || at == end) return false;
  const size_t begin = samples_.size();
  while (at != end) {
    field = ShortField(at, end, WireTag(2, kWireBytes));
    Sample sample;
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): its size goes along
    if (!ReadUsualSample(field.data(), field.size(), &sample)) {
      samples_.resize(begin);
      return false;
    }
    samples_.push_back(sample);
    at = field.data() + field.size();
  }
  rows_.push_back({.key = hasher(labels),
                   .begin = static_cast<uint32_t>(begin),
                   .end = static_cast<uint32_t>(samples_.size())});
  messages_.push_back(message);
  special_.push_back(0);
  return true;
}

void V1Rows::ParseSeries(std::string_view message, const Hasher128& hasher, WireError* error) {
  KeyedRow row;
  row.begin = static_cast<uint32_t>(samples_.size());
  const char* labels_begin = nullptr;
  const char* labels_end = nullptr;
  bool in_one_piece = true;
  bool special = false;
  WireReader reader(message, error);
  const char* field = reader.position();
  for (; reader.Next(); field = reader.position()) {
    switch (reader.tag()) {
      case WireTag(1, kWireBytes):
        reader.Bytes();
        if (labels_begin == nullptr) labels_begin = labels_end = field;
        in_one_piece &= labels_end == field;
        labels_end = reader.position();
        break;
      case WireTag(2, kWireBytes):
        samples_.push_back(ReadSample(reader.Message()));
        break;
      case WireTag(3, kWireBytes):
      case WireTag(4, kWireBytes):
        reader.Bytes();
        special = true;
        break;
      default:
        reader.SkipUnknown("TimeSeries", 4);
    }
  }
  row.end = static_cast<uint32_t>(samples_.size());
  if (in_one_piece && labels_begin != nullptr) {
    row.key = hasher({labels_begin, static_cast<size_t>(labels_end - labels_begin)});
  }
  rows_.push_back(row);
  messages_.push_back(message);
  special_.push_back(special ? 1 : 0);
}

Status V1Rows::Parse(std::string_view body, uint64_t seed) {
  Clear();
  messages_.clear();
  metadata_.clear();
  const Hasher128 hasher(seed);
  WireError error;
  WireReader reader(body, &error);
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireBytes):
        if (const std::string_view message = reader.Bytes(); !ParsePlain(message, hasher)) {
          ParseSeries(message, hasher, &error);
        }
        break;
      case WireTag(3, kWireBytes):
        metadata_.push_back(reader.Bytes());
        break;
      default:
        // Field 2 is reserved (Cortex' source); anything else is from the future.
        if (reader.field() == 1 || reader.field() == 3) {
          reader.FailType("WriteRequest");
        } else {
          reader.Skip();
        }
    }
  }
  return error.ToStatus();
}

Status V1Rows::Decode(uint32_t row, IncomingSeries* out) const {
  out->Clear();
  out->samples.assign(samples_.begin() + rows_[row].begin, samples_.begin() + rows_[row].end);
  WireError error;
  WireReader reader(messages_[row], &error);
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireBytes):
        TakeLabel(ReadLabel(reader.Message()), out);
        break;
      case WireTag(3, kWireBytes):
        TRY(DecodeExemplarV1(reader.Bytes(), &out->exemplars.emplace_back()));
        break;
      case WireTag(4, kWireBytes):
        out->histograms.push_back(reader.Bytes());
        break;
      default:
        reader.Skip();
    }
  }
  return error.ToStatus();
}

}  // namespace outrider
