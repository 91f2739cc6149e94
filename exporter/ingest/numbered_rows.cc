// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/numbered_rows.h"

#include <array>
#include <bit>
#include <cstring>

#include "exporter/ingest/snappy_body.h"
#include "storage/window/chunk_block.h"
#include "storage/window/series_identity.h"

namespace outrider {
namespace {

Status Damaged() { return absl::DataLossError("a record of numbered series is not whole"); }

void PutDefinition(const KnownSeries& series, std::string* body) {
  PutVarint(series.number, body);
  PutVarint(series.labels.packed().size(), body);
  *body += series.labels.packed();
}

void PutSample(const KnownSample& sample, std::string* body) {
  PutVarint(sample.series->number, body);
  const auto value = std::bit_cast<std::array<char, sizeof(double)>>(sample.value);
  body->append(value.data(), value.size());
}

bool GetSample(std::string_view* body, uint64_t* number, double* value) {
  if (!GetVarint(body, number) || body->size() < sizeof *value) return false;
  std::memcpy(value, body->data(), sizeof *value);
  body->remove_prefix(sizeof *value);
  return true;
}

}  // namespace

void EncodeNumbered(std::span<const KnownSample> samples, uint32_t segment, std::string* body) {
  std::string definitions;
  for (const KnownSample& sample : samples) {
    if (sample.series->told_in != segment) PutDefinition(*sample.series, &definitions);
  }
  body->clear();
  if (definitions.empty()) {
    PutVarint(0, body);
  } else {
    const std::string packed = SnappyCompress(definitions);
    PutVarint(packed.size(), body);
    *body += packed;
  }
  for (const KnownSample& sample : samples) PutSample(sample, body);
}

Status NumberedSeries::LearnOne(std::string_view* definitions, uint64_t seed) {
  uint64_t number = 0;
  uint64_t length = 0;
  if (!GetVarint(definitions, &number) || !GetVarint(definitions, &length) ||
      length > definitions->size()) {
    return Damaged();
  }
  Labels labels = TRY(Labels::FromPacked(definitions->substr(0, length)));
  definitions->remove_prefix(length);
  const std::vector<LabelView> views(labels.begin(), labels.end());
  const Hash128 identity = IdentityOf(views, seed);
  definitions_[number] =
      std::make_shared<const Definition>(Definition{std::move(labels), identity});
  return absl::OkStatus();
}

Status NumberedSeries::Learn(std::string_view* body, uint32_t segment, uint64_t seed) {
  if (segment != segment_) definitions_.clear();
  segment_ = segment;
  uint64_t length = 0;
  if (!GetVarint(body, &length) || length > body->size()) return Damaged();
  if (length == 0) return absl::OkStatus();
  TRY(SnappyDecompressInto(body->substr(0, length), UINT32_MAX, &decoded_));
  body->remove_prefix(length);
  std::string_view definitions = decoded_;
  while (!definitions.empty()) TRY(LearnOne(&definitions, seed));
  return absl::OkStatus();
}

std::shared_ptr<const NumberedSeries::Definition> NumberedSeries::Find(uint64_t number) const {
  const auto found = definitions_.find(number);
  return found == definitions_.end() ? nullptr : found->second;
}

Status NumberedRows::Parse(std::string_view body, uint32_t segment, Timestamp time, uint64_t seed,
                           NumberedSeries* series) {
  Clear();
  definitions_.clear();
  TRY(series->Learn(&body, segment, seed));
  while (!body.empty()) {
    uint64_t number = 0;
    double value = 0;
    if (!GetSample(&body, &number, &value)) return Damaged();
    std::shared_ptr<const NumberedSeries::Definition> definition = series->Find(number);
    if (definition == nullptr) continue;
    const auto at = static_cast<uint32_t>(samples_.size());
    rows_.push_back({.key = definition->identity, .begin = at, .end = at + 1});
    samples_.push_back({time, value});
    special_.push_back(0);
    definitions_.push_back(std::move(definition));
  }
  return rows_.empty() ? Damaged() : absl::OkStatus();
}

Status NumberedRows::Decode(uint32_t row, IncomingSeries* out) const {
  out->Clear();
  const Labels& labels = definitions_[row]->labels;
  out->labels.assign(labels.begin(), labels.end());
  out->samples.push_back(samples_[row]);
  return absl::OkStatus();
}

Status NumberedRows::DecodeHistograms(uint32_t /*row*/, const IncomingSeries& /*series*/,
                                      std::vector<IncomingHistogram>* out) const {
  out->clear();
  return absl::OkStatus();
}

}  // namespace outrider
