// SPDX-License-Identifier: Apache-2.0
#include "storage/window/chunk_block.h"

#include <cstring>

namespace outrider {
namespace {

constexpr uint8_t kLocalFlag = 1;
constexpr uint8_t kLateFlag = 2;
constexpr uint8_t kStartsFlag = 4;
constexpr unsigned kEncodingShift = 4;
constexpr uint32_t kMaxCount = UINT16_MAX;

template <typename T>
void PutFixed(T value, std::string* out) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out->append(bytes, sizeof bytes);
}

template <typename T>
bool GetFixed(std::string_view* bytes, T* value) {
  if (bytes->size() < sizeof *value) return false;
  bytes->copy(reinterpret_cast<char*>(value), sizeof *value);
  bytes->remove_prefix(sizeof *value);
  return true;
}

// False when they are cut off. What is allocated is bounded by the bytes that are there.
bool GetStarts(std::string_view* bytes, std::vector<StartRun>* starts) {
  uint64_t count = 0;
  if (!GetVarint(bytes, &count) || count > bytes->size() / sizeof(StartRun)) return false;
  starts->resize(count);
  for (StartRun& run : *starts) {
    if (!GetFixed(bytes, &run.from) || !GetFixed(bytes, &run.start)) return false;
  }
  return true;
}

bool GetText(std::string_view* bytes, std::string_view* text) {
  uint64_t length = 0;
  if (!GetVarint(bytes, &length) || length > bytes->size()) return false;
  *text = bytes->substr(0, length);
  bytes->remove_prefix(length);
  return true;
}

}  // namespace

void PutVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

bool GetVarint(std::string_view* bytes, uint64_t* value) {
  *value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    *value |= uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

void AppendChunkEntry(const ChunkEntry& entry, std::string* block) {
  PutVarint(entry.labels.size(), block);
  block->append(entry.labels);
  block->push_back(static_cast<char>((entry.local ? kLocalFlag : 0) | (entry.late ? kLateFlag : 0) |
                                     (entry.starts.empty() ? 0 : kStartsFlag) |
                                     static_cast<uint8_t>(entry.encoding) << kEncodingShift));
  PutVarint(entry.count, block);
  PutFixed(entry.start, block);
  PutFixed(entry.end, block);
  PutFixed(entry.last_value, block);
  PutVarint(entry.data.size(), block);
  block->append(entry.data);
  if (entry.starts.empty()) return;
  PutVarint(entry.starts.size(), block);
  for (const StartRun& run : entry.starts) {
    PutFixed(run.from, block);
    PutFixed(run.start, block);
  }
}

StatusOr<bool> ChunkBlockReader::Next(ChunkEntry* entry) {
  if (rest_.empty()) return false;
  uint8_t flags = 0;
  uint64_t count = 0;
  if (!GetText(&rest_, &entry->labels) || !GetFixed(&rest_, &flags) || !GetVarint(&rest_, &count) ||
      count == 0 || count > kMaxCount || !GetFixed(&rest_, &entry->start) ||
      !GetFixed(&rest_, &entry->end) || !GetFixed(&rest_, &entry->last_value) ||
      !GetText(&rest_, &entry->data)) {
    rest_ = {};
    return absl::DataLossError("not a chunk entry");
  }
  const auto encoding = static_cast<ChunkEncoding>(flags >> kEncodingShift);
  if (encoding != ChunkEncoding::kFloat && encoding != ChunkEncoding::kHistogram) {
    return absl::DataLossError("a chunk of an unknown encoding");
  }
  entry->starts.clear();
  if ((flags & kStartsFlag) != 0 && !GetStarts(&rest_, &entry->starts)) {
    rest_ = {};
    return absl::DataLossError("start times of a chunk that are cut off");
  }
  entry->local = (flags & kLocalFlag) != 0;
  entry->late = (flags & kLateFlag) != 0;
  entry->encoding = encoding;
  entry->count = static_cast<uint32_t>(count);
  return true;
}

}  // namespace outrider
