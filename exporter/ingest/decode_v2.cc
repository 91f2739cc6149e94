// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/decode_v2.h"

#include "exporter/ingest/decode_histogram.h"
#include "storage/base/hash.h"

namespace outrider {
namespace {

// Fields 1 to 3 of Request are reserved.
constexpr uint32_t kSymbolsField = 4;
constexpr uint32_t kSeriesField = 5;

// A repeated uint32, packed or not: both forms add to `refs`, of which at most `limit` are kept.
// Returns how many were there.
size_t ReadRefs(WireReader& reader, size_t limit, std::vector<uint32_t>* refs) {
  size_t seen = 0;
  const auto add = [&](uint32_t ref) {
    ++seen;
    if (refs->size() < limit) refs->push_back(ref);
  };
  if ((reader.tag() & 7U) == kWireVarint) {
    add(reader.Uint32());
    return seen;
  }
  WireReader packed = reader.Message();
  while (!packed.AtEnd()) add(packed.Uint32());
  return seen;
}

void ReadSample(WireReader reader, IncomingSeries* series) {
  Sample sample;
  Timestamp start = 0;
  ReadSampleV2(reader, &sample, &start);
  if (series->samples.size() >= kMaxSamplesOfSeries) {
    reader.Fail("too many samples in one series");
    return;
  }
  // The first start time makes room for those before it, which had none.
  if (start != 0 && series->start_times.empty())
    series->start_times.assign(series->samples.size(), 0);
  series->samples.push_back(sample);
  if (start != 0 || !series->start_times.empty()) series->start_times.push_back(start);
}

}  // namespace

void ReadSampleV2(WireReader reader, Sample* sample, Timestamp* start) {
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireDouble):
        sample->value = reader.Double();
        break;
      case WireTag(2, kWireVarint):
        sample->time = reader.Int64();
        break;
      case WireTag(3, kWireVarint):
        *start = reader.Int64();
        break;
      default:
        reader.SkipUnknown("Sample", 3);
    }
  }
}

Status V2Decoder::Open(std::string_view body) {
  symbols_.clear();
  messages_.clear();
  next_ = 0;
  refs_.clear();
  error_ = {};
  WireReader reader(body, &error_);
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(kSymbolsField, kWireBytes):
        symbols_.push_back(reader.Bytes());
        if (symbols_.size() > kMaxSymbols) reader.Fail("too many symbols");
        break;
      case WireTag(kSeriesField, kWireBytes):
        messages_.push_back(reader.Bytes());
        break;
      default:
        if (reader.field() == kSymbolsField || reader.field() == kSeriesField) {
          reader.FailType("Request");
        } else {
          reader.Skip();
        }
    }
  }
  const bool headless = symbols_.empty() ? !body.empty() : !symbols_[0].empty();
  if (headless) reader.Fail("symbols must begin with the empty string");
  return error_.ToStatus();
}

StatusOr<bool> V2Decoder::Next(IncomingSeries* series) {
  if (error_.what == nullptr) {
    if (next_ == messages_.size()) return false;
    ReadSeries(WireReader(messages_[next_++], &error_), series);
  }
  if (error_.what != nullptr) return error_.ToStatus();
  return true;
}

Status V2Decoder::Read(std::string_view message, IncomingSeries* series) {
  error_ = {};
  ReadSeries(WireReader(message, &error_), series);
  return error_.ToStatus();
}

void V2Decoder::ReadSeries(WireReader reader, IncomingSeries* series) {
  series->Clear();
  refs_.clear();
  size_t refs = 0;
  MetadataRefs metadata;
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireBytes):
      case WireTag(1, kWireVarint):
        refs += ReadRefs(reader, 2 * kMaxLabels, &refs_);
        break;
      case WireTag(2, kWireBytes):
        ReadSample(reader.Message(), series);
        break;
      case WireTag(3, kWireBytes):
        series->histograms.push_back(reader.Bytes());
        if (series->histograms.size() > kMaxSamplesOfSeries)
          reader.Fail("too many histograms in one series");
        break;
      case WireTag(4, kWireBytes):
        ReadExemplar(reader.Message(), series);
        break;
      case WireTag(5, kWireBytes):
        series->has_metadata = true;
        ReadMetadataRefs(reader.Message(), &metadata);
        break;
      default:  // 6 was a creation time once
        reader.SkipUnknown("TimeSeries", 5);
    }
  }
  series->bad_refs = series->bad_refs || refs % 2 != 0;
  series->too_many_labels = refs > 2 * kMaxLabels;
  ResolveLabels(series);
  if (series->has_metadata && !ResolveMetadata(metadata, &series->metadata)) {
    series->bad_refs = true;
  }
}

void V2Decoder::ReadMetadataRefs(WireReader reader, MetadataRefs* refs) {
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireVarint):
        refs->type = reader.Varint();
        break;
      case WireTag(3, kWireVarint):
        refs->help = reader.Uint32();
        break;
      case WireTag(4, kWireVarint):
        refs->unit = reader.Uint32();
        break;
      default:
        if (reader.field() == 2) {
          reader.Skip();  // was never given out
        } else {
          reader.SkipUnknown("Metadata", 4);
        }
    }
  }
}

void V2Decoder::ReadExemplar(WireReader reader, IncomingSeries* series) {
  if (series->exemplars.size() >= kMaxExemplarsOfSeries) {
    reader.Fail("too many exemplars in one series");
    return;
  }
  IncomingExemplar& exemplar = series->exemplars.emplace_back();
  exemplar_refs_.clear();
  size_t refs = 0;
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireBytes):
      case WireTag(1, kWireVarint):
        refs += ReadRefs(reader, 2 * kMaxExemplarLabels, &exemplar_refs_);
        break;
      case WireTag(2, kWireDouble):
        exemplar.value = reader.Double();
        break;
      case WireTag(3, kWireVarint):
        exemplar.time = reader.Int64();
        break;
      default:
        reader.SkipUnknown("Exemplar", 3);
    }
  }
  if (refs % 2 != 0) series->bad_refs = true;
  exemplar.labels.reserve(exemplar_refs_.size() / 2);
  for (size_t i = 0; i + 1 < exemplar_refs_.size(); i += 2) {
    const uint32_t name = exemplar_refs_[i];
    const uint32_t value = exemplar_refs_[i + 1];
    if (name >= symbols_.size() || value >= symbols_.size()) {
      series->bad_refs = true;
      return;
    }
    exemplar.labels.push_back({symbols_[name], symbols_[value]});
  }
}

// Labels in front of a bad reference are kept, to name the series with.
void V2Decoder::ResolveLabels(IncomingSeries* series) {
  const size_t symbols = symbols_.size();
  for (size_t i = 0; i + 1 < refs_.size(); i += 2) {
    if (refs_[i] >= symbols || refs_[i + 1] >= symbols) {
      series->bad_refs = true;
      return;
    }
    series->labels.push_back({symbols_[refs_[i]], symbols_[refs_[i + 1]]});
  }
}

bool V2Decoder::ResolveMetadata(const MetadataRefs& refs, IncomingMetadata* metadata) const {
  if (refs.type < kMetricTypes) metadata->type = static_cast<MetricType>(refs.type);
  if (refs.help >= symbols_.size() || refs.unit >= symbols_.size()) return false;
  metadata->help = symbols_[refs.help];
  metadata->unit = symbols_[refs.unit];
  return true;
}

bool V2Decoder::ReadMetadata(std::string_view message, IncomingMetadata* metadata) const {
  WireError error;
  MetadataRefs refs;
  ReadMetadataRefs(WireReader(message, &error), &refs);
  return error.what == nullptr && ResolveMetadata(refs, metadata);
}

StatusOr<V2Totals> CheckV2(std::string_view body) {
  V2Totals totals;
  V2Decoder decoder;
  TRY(decoder.Open(body));
  IncomingSeries series;
  HistogramSample histogram;
  Timestamp start_time = 0;
  while (TRY(decoder.Next(&series))) {
    ++totals.series;
    totals.samples += series.samples.size();
    totals.histograms += series.histograms.size();
    totals.exemplars += series.exemplars.size();
    totals.metadata += series.has_metadata ? 1 : 0;
    for (const std::string_view message : series.histograms) {
      Status decoded = DecodeHistogram(message, true, &histogram, &start_time);
      if (!decoded.ok() && !absl::IsOutOfRange(decoded)) return decoded;
    }
  }
  return totals;
}

}  // namespace outrider
