// SPDX-License-Identifier: Apache-2.0
#include "storage/model/labels.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/hash.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

void AppendPart(std::string_view part, std::string* out) {
  size_t size = part.size();
  while (size >= 0x80) {
    *out += static_cast<char>(size | 0x80);
    size >>= 7;
  }
  *out += static_cast<char>(size);
  *out += part;
}

// Reads one length-prefixed part of trusted bytes.
inline std::string_view TakePart(const char** at) {
  size_t size = static_cast<unsigned char>(*(*at)++);
  if (size >= 0x80) {
    size &= 0x7f;
    for (int shift = 7;; shift += 7) {
      const size_t byte = static_cast<unsigned char>(*(*at)++);
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
  }
  const std::string_view part(*at, size);
  *at += size;
  return part;
}

// The same for untrusted bytes.
bool TakePartChecked(std::string_view* bytes, std::string_view* part) {
  size_t size = 0;
  for (int shift = 0;; shift += 7) {
    if (bytes->empty() || shift > 28) return false;
    const size_t byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    size |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (size > bytes->size()) return false;
  *part = bytes->substr(0, size);
  bytes->remove_prefix(size);
  return true;
}

}  // namespace

void Labels::Iterator::Load() {
  if (next_ == end_) {
    done_ = true;
    return;
  }
  done_ = false;
  current_.name = TakePart(&next_);
  current_.value = TakePart(&next_);
}

Labels::Iterator Labels::end() const {
  const char* end = data_.data() + data_.size();
  return Iterator(end, end);
}

Labels::Labels(std::initializer_list<LabelView> labels) : Labels(FromViews(labels)) {}

Labels Labels::FromViews(std::vector<LabelView> labels) {
  std::stable_sort(labels.begin(), labels.end(),
                   [](const LabelView& a, const LabelView& b) { return a.name < b.name; });
  Labels out;
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool replaced = i + 1 < labels.size() && labels[i + 1].name == labels[i].name;
    if (replaced || labels[i].value.empty()) continue;
    AppendPart(labels[i].name, &out.data_);
    AppendPart(labels[i].value, &out.data_);
  }
  return out;
}

Labels Labels::FromMap(const std::map<std::string, std::string>& labels) {
  Labels out;
  for (const auto& [name, value] : labels) {
    if (value.empty()) continue;
    AppendPart(name, &out.data_);
    AppendPart(value, &out.data_);
  }
  return out;
}

Labels Labels::FromSorted(std::span<const LabelView> sorted) {
  size_t size = 0;
  for (const LabelView& label : sorted) size += label.name.size() + label.value.size() + 4;
  Labels out;
  out.data_.reserve(size);
  for (const LabelView& label : sorted) {
    AppendPart(label.name, &out.data_);
    AppendPart(label.value, &out.data_);
  }
  return out;
}

Labels Labels::FromParts(std::span<const std::string_view> packed) {
  size_t size = 0;
  for (const std::string_view part : packed) size += part.size();
  Labels out;
  out.data_.reserve(size);
  for (const std::string_view part : packed) out.data_ += part;
  return out;
}

StatusOr<Labels> Labels::FromPacked(std::string_view bytes) {
  std::string_view rest = bytes;
  std::string_view previous;
  while (!rest.empty()) {
    std::string_view name;
    std::string_view value;
    if (!TakePartChecked(&rest, &name) || !TakePartChecked(&rest, &value) || name.empty() ||
        value.empty() || (previous.data() != nullptr && name <= previous)) {
      return absl::DataLossError("corrupt label set");
    }
    previous = name;
  }
  Labels out;
  out.data_ = bytes;
  return out;
}

std::string_view FirstNameOfPacked(std::string_view packed) {
  const char* at = packed.data();
  return TakePart(&at);
}

size_t Labels::size() const {
  size_t count = 0;
  for (auto it = begin(); it != end(); ++it) ++count;
  return count;
}

std::string_view Labels::Get(std::string_view name) const {
  for (const LabelView label : *this) {
    if (label.name == name) return label.value;
    if (label.name > name) break;
  }
  return {};
}

bool Labels::Has(std::string_view name) const { return !Get(name).empty(); }

Labels Labels::With(std::string_view name, std::string_view value) const {
  Labels out;
  out.data_.reserve(data_.size() + name.size() + value.size() + 4);
  bool placed = value.empty();
  const auto place = [&] {
    AppendPart(name, &out.data_);
    AppendPart(value, &out.data_);
    placed = true;
  };
  for (const LabelView label : *this) {
    if (label.name == name) continue;
    if (!placed && label.name > name) place();
    AppendPart(label.name, &out.data_);
    AppendPart(label.value, &out.data_);
  }
  if (!placed) place();
  return out;
}

Labels Labels::Without(std::string_view name) const { return With(name, ""); }

Labels Labels::Keep(std::span<const std::string> names) const {
  Labels out;
  for (const LabelView label : *this) {
    if (!std::binary_search(names.begin(), names.end(), label.name, std::less<>())) continue;
    AppendPart(label.name, &out.data_);
    AppendPart(label.value, &out.data_);
  }
  return out;
}

Labels Labels::Drop(std::span<const std::string> names) const {
  Labels out;
  for (const LabelView label : *this) {
    if (std::binary_search(names.begin(), names.end(), label.name, std::less<>())) continue;
    AppendPart(label.name, &out.data_);
    AppendPart(label.value, &out.data_);
  }
  return out;
}

uint64_t Labels::Hash() const { return Hash64(data_); }

uint64_t Labels::Fingerprint() const {
  static constexpr std::string_view kSeparator = "\xff";
  uint64_t state = Fnv1a64("");
  for (const LabelView label : *this) {
    state = Fnv1a64(label.name, state);
    state = Fnv1a64(kSeparator, state);
    state = Fnv1a64(label.value, state);
    state = Fnv1a64(kSeparator, state);
  }
  return state;
}

std::string Labels::FingerprintHex() const { return fmt::format("{:016x}", Fingerprint()); }

std::map<std::string, std::string> Labels::ToMap() const {
  std::map<std::string, std::string> out;
  for (const LabelView label : *this) out.emplace_hint(out.end(), label.name, label.value);
  return out;
}

namespace {

// As Quote, without a text of its own for the values that most labels have.
void AppendQuoted(std::string_view text, std::string* out) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
  if (!plain) {
    *out += Quote(text);
    return;
  }
  *out += '"';
  *out += text;
  *out += '"';
}

}  // namespace

std::string Labels::ToString() const {
  const std::string_view name = MetricName();
  const bool bare_name = IsLegacyMetricName(name);
  std::string out;
  out.reserve(data_.size() + data_.size() / 4 + 16);
  if (bare_name) out += name;
  const size_t inner = out.size() + 1;
  out += '{';
  for (const LabelView label : *this) {
    if (bare_name && label.name == kMetricName) continue;
    if (out.size() > inner) out += ", ";
    if (IsLegacyLabelName(label.name)) {
      out += label.name;
    } else {
      out += Quote(label.name);
    }
    out += '=';
    AppendQuoted(label.value, &out);
  }
  if (out.size() == inner && inner > 1) {
    out.pop_back();  // a name alone
  } else {
    out += '}';
  }
  return out;
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  auto x = a.begin();
  auto y = b.begin();
  for (; x != a.end() && y != b.end(); ++x, ++y) {
    if (const auto order = *x <=> *y; order != 0) return order;
  }
  if (x == a.end()) {
    return y == b.end() ? std::strong_ordering::equal : std::strong_ordering::less;
  }
  return std::strong_ordering::greater;
}

LabelsBuilder& LabelsBuilder::Set(std::string_view name, std::string_view value) {
  if (value.empty()) return Remove(name);
  labels_.insert_or_assign(std::string(name), std::string(value));
  return *this;
}

LabelsBuilder& LabelsBuilder::Remove(std::string_view name) {
  labels_.erase(std::string(name));
  return *this;
}

std::string_view LabelsBuilder::Get(std::string_view name) const {
  const auto found = labels_.find(std::string(name));
  return found == labels_.end() ? std::string_view() : std::string_view(found->second);
}

namespace {

bool IsName(std::string_view name, bool colon) {
  if (name.empty()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool letter =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
    if (!letter && (i == 0 || c < '0' || c > '9')) return false;
  }
  return true;
}

}  // namespace

bool IsLegacyMetricName(std::string_view name) { return IsName(name, true); }
bool IsLegacyLabelName(std::string_view name) { return IsName(name, false); }

}  // namespace outrider
