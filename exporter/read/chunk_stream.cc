// SPDX-License-Identifier: Apache-2.0
#include "exporter/read/chunk_stream.h"

#include <algorithm>
#include <array>

#include "exporter/ingest/encode_series.h"
#include "exporter/read/histogram_chunk.h"
#include "exporter/read/wire_writer.h"
#include "exporter/read/xor_chunk.h"

namespace outrider {
namespace {

constexpr size_t kSamplesAChunk = 120;
constexpr size_t kFrameBytes = 1 << 20;

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  constexpr uint32_t kReversedPolynomial = 0x82f63b78;
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? kReversedPolynomial : 0);
    table[i] = crc;
  }
  return table;
}

void AppendFrame(std::string_view message, uint32_t crc, std::string* out) {
  WireWriter(out).Varint(message.size());
  for (const uint32_t shift : {24U, 16U, 8U, 0U}) out->push_back(static_cast<char>(crc >> shift));
  *out += message;
}

enum class ChunkType : uint8_t { kXor = 1, kHistogram = 2, kFloatHistogram = 3 };

// Cuts the samples of one series into chunks, floats and histograms in the order of their times.
class Chunker {
 public:
  Chunker(const SeriesSet& set, const SeriesSet::Row& row)
      : times_(set.Times(row)), values_(set.Values(row)), histograms_(set.Histograms(row)) {}

  bool AtEnd() const { return times_.empty() && histograms_.empty(); }
  // One prometheus.Chunk.
  std::string Next() {
    const bool floats = histograms_.empty() || (!times_.empty() && times_[0] < histograms_[0].time);
    return floats ? NextFloats() : NextHistograms();
  }

 private:
  std::string NextFloats() {
    size_t count = std::min(times_.size(), kSamplesAChunk);
    if (!histograms_.empty()) {
      const auto end = times_.begin() + static_cast<std::ptrdiff_t>(count);
      count = static_cast<size_t>(std::lower_bound(times_.begin(), end, histograms_[0].time) -
                                  times_.begin());
    }
    const std::span<const Timestamp> times = times_.subspan(0, count);
    std::string chunk = Message(times.front(), times.back(), ChunkType::kXor,
                                EncodeXorChunk(times, values_.subspan(0, count)));
    times_ = times_.subspan(count);
    values_ = values_.subspan(count);
    return chunk;
  }
  std::string NextHistograms() {
    size_t most = std::min(histograms_.size(), kSamplesAChunk);
    if (!times_.empty()) {
      const auto end = histograms_.begin() + static_cast<std::ptrdiff_t>(most);
      most = static_cast<size_t>(
          std::ranges::lower_bound(histograms_.begin(), end, times_[0], {},
                                   [](const HistogramSample& h) { return h.time; }) -
          histograms_.begin());
    }
    // Of one time the histogram goes first, which no series has.
    const auto run = histograms_.subspan(0, HistogramRun(histograms_, std::max<size_t>(most, 1)));
    const NativeHistogram& first = run[0].histogram;
    std::string chunk = Message(run.front().time, run.back().time,
                                first.is_float ? ChunkType::kFloatHistogram : ChunkType::kHistogram,
                                EncodeHistogramChunk(run, ResetOf(before_, first)));
    before_ = &run.back().histogram;
    histograms_ = histograms_.subspan(run.size());
    return chunk;
  }
  static std::string Message(Timestamp from, Timestamp to, ChunkType type, std::string_view data) {
    std::string message;
    WireWriter writer(&message);
    writer.Int(1, from);
    writer.Int(2, to);
    writer.Int(3, static_cast<int64_t>(type));
    writer.Bytes(4, data);
    return message;
  }

  std::span<const Timestamp> times_;
  std::span<const double> values_;
  std::span<const HistogramSample> histograms_;
  const NativeHistogram* before_ = nullptr;
};

}  // namespace

uint32_t Crc32Castagnoli(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = MakeCrcTable();
  uint32_t crc = ~uint32_t{0};
  for (const char c : bytes) crc = crc >> 8U ^ kTable[(crc ^ static_cast<uint8_t>(c)) & 0xffU];
  return ~crc;
}

void AppendSeriesFrames(const SeriesSet& set, const SeriesSet::Row& row, int64_t query_index,
                        std::string* out) {
  std::string labels;
  AppendLabelFields(row.labels.All(), &labels);
  Chunker chunker(set, row);
  while (!chunker.AtEnd()) {
    std::string series = labels;
    while (!chunker.AtEnd() && series.size() < kFrameBytes)
      WireWriter(&series).Bytes(2, chunker.Next());
    std::string message;
    WireWriter writer(&message);
    writer.Bytes(1, series);
    writer.Int(2, query_index);
    AppendFrame(message, Crc32Castagnoli(message), out);
  }
}

void AppendBrokenFrame(std::string* out) {
  constexpr std::string_view kMessage = "failed";
  AppendFrame(kMessage, ~Crc32Castagnoli(kMessage), out);
}

}  // namespace outrider
