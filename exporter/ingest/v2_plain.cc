// SPDX-License-Identifier: Apache-2.0
// Series of remote write 2.0 as nearly all are: the references in one piece, then samples and
// perhaps metadata. They go straight into the rows. Whatever looks otherwise, or wrong, is left to
// V2Decoder, which knows every form and says what is wrong.
#include "exporter/ingest/v2_rows.h"
#include "exporter/ingest/wire_sample.h"

namespace outrider {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
constexpr uint8_t kRefsTag = WireTag(1, kWireBytes);
constexpr uint8_t kSampleTag = WireTag(2, kWireBytes);
constexpr uint8_t kMetadataTag = WireTag(5, kWireBytes);

// A varint of up to three bytes.
bool ReadShort(const char** at, const char* end, uint32_t* out) {
  uint32_t value = 0;
  for (uint32_t shift = 0; shift < 21; shift += 7) {
    if (*at == end) return false;
    const auto byte = static_cast<uint8_t>(*(*at)++);
    value |= (byte & 0x7fU) << shift;
    if (byte < 0x80) {
      *out = value;
      return true;
    }
  }
  return false;
}

// The bytes of a field whose tag was read.
bool ReadBytes(const char** at, const char* end, std::string_view* out) {
  uint32_t size = 0;
  if (!ReadShort(at, end, &size) || size > static_cast<size_t>(end - *at)) return false;
  *out = {*at, size};
  *at += size;
  return true;
}

bool ReadTag(const char** at, const char* end, uint8_t tag) {
  if (*at == end || static_cast<uint8_t>(**at) != tag) return false;
  ++*at;
  return true;
}

}  // namespace

bool V2Rows::ReadPlainLabels(std::string_view refs, IdentityBuilder* identity, uint32_t* metric) {
  if (refs.size() > kMaxLabels) return false;  // a reference has a byte at least
  const size_t symbols = pairs_.size();
  const char* at = refs.data();
  const char* const end = at + refs.size();
  while (at != end) {
    uint32_t name = 0;
    uint32_t value = 0;
    if (!ReadShort(&at, end, &name) || !ReadShort(&at, end, &value)) return false;
    if (name >= symbols || value >= symbols) return false;
    const SymbolPairs::Pair& pair = pairs_.Of(name, value);
    if (!pair.empty) identity->AddPart(pair.part);
    if (pair.metric && *metric == kNone) *metric = value;
  }
  return true;
}

bool V2Rows::ReadPlainSample(std::string_view message) {
  Sample sample;
  Timestamp start = 0;
  if (!ReadUsualSample(message.data(), message.size(), &sample)) {
    WireError error;
    ReadSampleV2(WireReader(message, &error), &sample, &start);
    if (error.what != nullptr) return false;
  }
  if (start != 0 && starts_.empty()) starts_.resize(samples_.size(), 0);
  samples_.push_back(sample);
  if (start != 0 || !starts_.empty()) starts_.resize(samples_.size(), start);
  return true;
}

// Adds the samples, and the metadata once nothing can be wrong any more.
bool V2Rows::ReadPlainFields(std::string_view message, IdentityBuilder* identity) {
  const char* at = message.data();
  const char* const end = at + message.size();
  std::string_view field;
  uint32_t metric = kNone;
  if (!ReadTag(&at, end, kRefsTag) || !ReadBytes(&at, end, &field) ||
      !ReadPlainLabels(field, identity, &metric)) {
    return false;
  }
  size_t samples = 0;
  for (; ReadTag(&at, end, kSampleTag); ++samples) {
    if (!ReadBytes(&at, end, &field) || !ReadPlainSample(field)) return false;
  }
  if (samples == 0 || samples > kMaxSamplesOfSeries) return false;
  if (at == end) return true;
  IncomingMetadata metadata;
  if (!ReadTag(&at, end, kMetadataTag) || !ReadBytes(&at, end, &field) || at != end ||
      !decoder_.ReadMetadata(field, &metadata)) {
    return false;
  }
  if (metric != kNone) NoteMetadata(decoder_.symbols()[metric], metadata);
  return true;
}

bool V2Rows::ReadPlain(std::string_view message, uint64_t seed) {
  const size_t begin = samples_.size();
  const bool had_starts = !starts_.empty();
  IdentityBuilder identity(seed);
  if (ReadPlainFields(message, &identity)) {
    AddRow(identity.Build(), begin, /*special=*/false);
    return true;
  }
  samples_.resize(begin);
  starts_.resize(had_starts ? begin : 0);
  return false;
}

}  // namespace outrider
