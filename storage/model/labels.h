// SPDX-License-Identifier: Apache-2.0
// Label sets. A Labels value is one string: for each label, sorted by name, varint length + name,
// varint length + value. So a copy is one allocation, equality is one memcmp, and the bytes serve
// as a key.
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/status.h"

namespace outrider {

inline constexpr std::string_view kMetricName = "__name__";
inline constexpr std::string_view kAlertName = "alertname";

struct LabelView {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const LabelView&, const LabelView&) = default;
  friend auto operator<=>(const LabelView&, const LabelView&) = default;
};

// An immutable label set. Names are unique and sorted; no value is empty (an empty value means "no
// such label"). Iteration yields LabelViews into this object.
class Labels {
 public:
  class Iterator {
   public:
    using value_type = LabelView;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    LabelView operator*() const { return current_; }
    const LabelView* operator->() const { return &current_; }
    Iterator& operator++() {
      Load();
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      Load();
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.next_ == b.next_ && a.done_ == b.done_;
    }

   private:
    friend class Labels;
    Iterator(const char* next, const char* end) : next_(next), end_(end) { Load(); }
    void Load();
    const char* next_ = nullptr;
    const char* end_ = nullptr;
    bool done_ = true;
    LabelView current_;
  };

  Labels() = default;
  // In any order; the last of equal names wins; empty values are dropped.
  Labels(std::initializer_list<LabelView> labels);
  static Labels FromViews(std::vector<LabelView> labels);
  static Labels FromMap(const std::map<std::string, std::string>& labels);
  // Trusted input: sorted by name, unique, no empty values.
  static Labels FromSorted(std::span<const LabelView> sorted);
  // Trusted: the packed() of label sets that follow each other.
  static Labels FromParts(std::span<const std::string_view> packed);
  // The bytes of packed(), checked.
  static StatusOr<Labels> FromPacked(std::string_view bytes);

  Iterator begin() const { return Iterator(data_.data(), data_.data() + data_.size()); }
  Iterator end() const;
  bool empty() const { return data_.empty(); }
  size_t size() const;

  // The value, or "" when absent.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  std::string_view MetricName() const { return Get(kMetricName); }

  // Copies with one label set (empty value: removed) or removed. For cold paths; see LabelsBuilder.
  Labels With(std::string_view name, std::string_view value) const;
  Labels Without(std::string_view name) const;
  Labels WithoutName() const { return Without(kMetricName); }
  // Only / all but the named labels; `names` is sorted.
  Labels Keep(std::span<const std::string> names) const;
  Labels Drop(std::span<const std::string> names) const;

  uint64_t Hash() const;  // XXH3 of packed(): stable
  uint64_t Fingerprint()
      const;  // Alertmanager's: FNV-1a over name 0xFF value 0xFF (specs/alertmanager.md §2)
  std::string FingerprintHex() const;  // %016x
  const std::string& packed() const { return data_; }
  std::map<std::string, std::string> ToMap() const;
  // Prometheus' text: `name{a="b", c="d"}`, `{a="b"}`, `{}`.
  std::string ToString() const;

  friend bool operator==(const Labels&, const Labels&) = default;
  // Prometheus' labels.Compare: pair by pair, then the shorter first.
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);
  template <typename H>
  friend H AbslHashValue(H state, const Labels& labels) {
    return H::combine(std::move(state), labels.Hash());
  }

 private:
  std::string data_;
};

// The name of the first label of trusted packed() bytes.
std::string_view FirstNameOfPacked(std::string_view packed);

struct LabelsHash {
  size_t operator()(const Labels& labels) const { return static_cast<size_t>(labels.Hash()); }
};

// Changes to a label set, applied at Build().
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& base) : labels_(base.ToMap()) {}
  LabelsBuilder& Set(std::string_view name, std::string_view value);  // empty value removes
  LabelsBuilder& Remove(std::string_view name);
  std::string_view Get(std::string_view name) const;
  Labels Build() const { return Labels::FromMap(labels_); }

 private:
  std::map<std::string, std::string> labels_;
};

// [a-zA-Z_:][a-zA-Z0-9_:]* and [a-zA-Z_][a-zA-Z0-9_]*.
bool IsLegacyMetricName(std::string_view name);
bool IsLegacyLabelName(std::string_view name);

}  // namespace outrider
