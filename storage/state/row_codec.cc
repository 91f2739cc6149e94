// SPDX-License-Identifier: Apache-2.0
#include "storage/state/row_codec.h"

#include <fmt/format.h>

#include <array>
#include <bit>

namespace outrider {

std::string BigEndian64(uint64_t value) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i) & 0xff);
  return bytes;
}

uint64_t ReadBigEndian64(std::string_view eight_bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8 && i < eight_bytes.size(); ++i) {
    value = value << 8 | static_cast<uint8_t>(eight_bytes[i]);
  }
  return value;
}

RowWriter& RowWriter::U64(uint64_t value) {
  std::array<char, 10> bytes{};
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  bytes_.append(bytes.data(), size);
  return *this;
}

RowWriter& RowWriter::I64(int64_t value) {
  return U64(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

RowWriter& RowWriter::Double(double value) {
  bytes_ += BigEndian64(std::bit_cast<uint64_t>(value));
  return *this;
}

RowWriter& RowWriter::Text(std::string_view value) {
  // A row has some hundred bytes: not in five steps.
  constexpr size_t kRoom = 200;
  const size_t wanted = bytes_.size() + value.size() + 10;
  if (wanted > bytes_.capacity()) bytes_.reserve(wanted + kRoom);
  U64(value.size());
  bytes_ += value;
  return *this;
}

RowWriter& RowWriter::Texts(const std::map<std::string, std::string>& value) {
  U64(value.size());
  for (const auto& [name, text] : value) Text(name).Text(text);
  return *this;
}

RowWriter& RowWriter::Numbers(const std::set<uint64_t>& value) {
  U64(value.size());
  for (const uint64_t number : value) bytes_ += BigEndian64(number);
  return *this;
}

RowReader::RowReader(std::string_view bytes, uint8_t newest, std::string what)
    : rest_(bytes), what_(std::move(what)) {
  if (rest_.empty()) {
    Fail();
    return;
  }
  format_ = static_cast<uint8_t>(rest_[0]);
  rest_.remove_prefix(1);
  if (format_ == 0 || format_ > newest) Fail();
}

uint64_t RowReader::U64() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) {
      Fail();
      return 0;
    }
    const auto byte = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  Fail();
  return 0;
}

int64_t RowReader::I64() {
  const uint64_t value = U64();
  return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

double RowReader::Double() {
  if (rest_.size() < 8) {
    Fail();
    return 0;
  }
  const auto value = std::bit_cast<double>(ReadBigEndian64(rest_));
  rest_.remove_prefix(8);
  return value;
}

std::string RowReader::Text() {
  const uint64_t size = U64();
  if (size > rest_.size()) {
    Fail();
    return {};
  }
  std::string text(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return text;
}

uint64_t RowReader::Count() {
  const uint64_t count = U64();
  if (count > rest_.size()) {
    Fail();
    return 0;
  }
  return count;
}

std::map<std::string, std::string> RowReader::Texts() {
  std::map<std::string, std::string> texts;
  for (uint64_t i = Count(); i > 0 && ok_; --i) {
    std::string name = Text();
    texts[std::move(name)] = Text();
  }
  return texts;
}

std::set<uint64_t> RowReader::Numbers() {
  std::set<uint64_t> numbers;
  for (uint64_t i = Count(); i > 0 && ok_; --i) {
    if (rest_.size() < 8) {
      Fail();
      break;
    }
    numbers.insert(ReadBigEndian64(rest_));
    rest_.remove_prefix(8);
  }
  return numbers;
}

Status RowReader::Finish() const {
  if (!ok_) return absl::DataLossError(fmt::format("the row of {} is corrupt", what_));
  return absl::OkStatus();
}

}  // namespace outrider
