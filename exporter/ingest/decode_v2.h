// SPDX-License-Identifier: Apache-2.0
// Remote write 2.0 on the wire: io.prometheus.write.v2.Request. Source: specs/prometheus.md §1.1.
// Open reads the symbols (which may stand behind the series) and finds the series, Next then gives
// one after the other, its labels resolved to views into the body. Nothing is allocated per sample,
// and one decoder serves many bodies.
//
// What is broken in one series only (symbol references) is noted in the series. What breaks the
// message is an error of the whole body: wrong types of known fields, cut-off bytes, symbols[0] not
// empty, more of something than the limits below, which keep what a body of tiny fields unfolds to
// within a few times its size. Unknown and reserved fields are passed over, but a body that has
// fields and no symbols is no such message (a 1.0 body looks like that).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "exporter/ingest/incoming.h"
#include "exporter/ingest/wire_reader.h"
#include "storage/base/status.h"

namespace outrider {

inline constexpr size_t kMaxSymbols = 1U << 20;          // of a body
inline constexpr size_t kMaxSamplesOfSeries = 1U << 20;  // in a body
inline constexpr size_t kMaxExemplarsOfSeries = 1U << 14;
// More labels than the 128 runes that an exemplar may have need not be looked at: it is too long.
inline constexpr size_t kMaxExemplarLabels = 129;

// Not thread-safe. The body outlives what is read from it.
class V2Decoder {
 public:
  V2Decoder() = default;
  V2Decoder(const V2Decoder&) = delete;
  V2Decoder& operator=(const V2Decoder&) = delete;

  // Starts on a decompressed body, forgetting the one before.
  Status Open(std::string_view body);
  // The next series; false at the end.
  StatusOr<bool> Next(IncomingSeries* series);
  // The bytes of each series, and a series from such bytes.
  const std::vector<std::string_view>& messages() const { return messages_; }
  Status Read(std::string_view message, IncomingSeries* series);
  // A series' metadata that stands in one piece. False when Read() would find something wrong.
  bool ReadMetadata(std::string_view message, IncomingMetadata* metadata) const;

  std::span<const std::string_view> symbols() const { return symbols_; }
  // labels_refs of the current series as sent, name and value in turn. Each is within symbols()
  // unless bad_refs is set, and they are cut at 2 * kMaxLabels (too_many_labels).
  std::span<const uint32_t> refs() const { return refs_; }

 private:
  struct MetadataRefs {
    uint64_t type = 0;
    uint32_t help = 0;
    uint32_t unit = 0;
  };

  void ReadSeries(WireReader reader, IncomingSeries* series);
  static void ReadMetadataRefs(WireReader reader, MetadataRefs* refs);
  void ReadExemplar(WireReader reader, IncomingSeries* series);
  void ResolveLabels(IncomingSeries* series);
  bool ResolveMetadata(const MetadataRefs& refs, IncomingMetadata* metadata) const;

  std::vector<std::string_view> symbols_;
  std::vector<std::string_view> messages_;
  size_t next_ = 0;  // of them
  std::vector<uint32_t> refs_;
  std::vector<uint32_t> exemplar_refs_;
  WireError error_;
};

// A Sample message; `start` 0: none was sent.
void ReadSampleV2(WireReader reader, Sample* sample, Timestamp* start);

// Goes through the whole body once, histograms included: what is in it, or why it cannot be read.
struct V2Totals {
  uint64_t series = 0;
  uint64_t samples = 0;
  uint64_t histograms = 0;
  uint64_t exemplars = 0;
  uint64_t metadata = 0;  // series that carry some
};
StatusOr<V2Totals> CheckV2(std::string_view body);

}  // namespace outrider
