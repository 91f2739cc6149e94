// SPDX-License-Identifier: Apache-2.0
// What rwgen sends: options of a load, its series and their requests on the wire, before snappy.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rwgen {

struct Options {
  std::string path = "/api/v1/write";
  int port = 9090;
  int pid = 0;  // the server's; 0: do not look at it
  size_t series = 100000;
  size_t steps = 20;
  size_t batch = 2000;
  size_t conns = 2;
  size_t round_mb = 512;
  int64_t interval_ms = 15000;
  int64_t start_ms = 0;  // 0: so that the last step is now
  double sleep_ms = 0;   // after each step, per connection
  double pace_ms = 0;    // a connection's requests start this far apart; latency counts from then
  unsigned seed = 1;
  size_t names = 10;  // of metrics; the series share them
  bool v2 = false;
  bool churn = false;
};

inline void PutVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

inline size_t VarintSize(uint64_t value) {
  size_t size = 1;
  while (value >>= 7) ++size;
  return size;
}

inline void PutBytes(uint32_t field, std::string_view bytes, std::string* out) {
  PutVarint(field << 3 | 2, out);
  PutVarint(bytes.size(), out);
  out->append(bytes);
}

// --- what is sent

enum class Walk { kCounter, kConstant, kGauge, kBucket };
struct Metric {
  const char* name;
  Walk walk;
};
inline constexpr std::array<Metric, 11> kMetrics = {{
    {"container_cpu_usage_seconds_total", Walk::kCounter},
    {"container_memory_working_set_bytes", Walk::kGauge},
    {"container_network_receive_bytes_total", Walk::kCounter},
    {"http_requests_total", Walk::kCounter},
    {"http_request_duration_seconds_sum", Walk::kCounter},
    {"kube_pod_container_resource_requests", Walk::kConstant},
    {"go_goroutines", Walk::kGauge},
    {"process_resident_memory_bytes", Walk::kGauge},
    {"node_filesystem_avail_bytes", Walk::kGauge},
    {"container_fs_writes_bytes_total", Walk::kCounter},
    {"http_request_duration_seconds_bucket", Walk::kBucket},  // only with --names 11
}};

// The buckets of one pod end at 1, 2, … 10.
inline constexpr size_t kBucketsOfPod = 10;
inline size_t BucketOf(size_t series, size_t names) { return series / names % kBucketsOfPod; }

// Calls `put` with name and value of each label of the series, in order of names.
template <typename Put>
void ForEachLabel(size_t series, size_t names, const Put& put) {
  const bool bucket = kMetrics[series % names].walk == Walk::kBucket;
  const size_t pod = series / names / (bucket ? kBucketsOfPod : 1);
  std::array<char, 96> text;
  const auto format = [&](const char* form, auto... parts) {
    const int size = std::snprintf(text.data(), text.size(), form, parts...);
    return std::string_view(text.data(), static_cast<size_t>(size));
  };
  put("__name__", kMetrics[series % names].name);
  put("cluster", format("cluster-%zu", pod % 3));
  put("container", format("app-%zu", pod % 97));
  put("image", format("registry.example.com/team-%zu/app-%zu:v1.%zu", pod % 13, pod % 97, pod % 7));
  put("instance", format("10.%zu.%zu.%zu:8080", pod >> 16 & 255, pod >> 8 & 255, pod & 255));
  put("job", std::string_view("kubelet"));
  if (bucket) put("le", format("%zu", BucketOf(series, names) + 1));
  put("namespace", format("namespace-%zu", pod % 41));
  put("node", format("ip-10-0-%zu-%zu.eu-west-1.compute.internal", pod % 64, pod % 251));
  put("pod", format("app-%zu-7d9f8b6c5d-%05zx", pod % 97, pod));
}

// The series of one request: all of it but the samples, encoded once.
class Batch {
 public:
  Batch(const Options& options, size_t first, size_t count, unsigned seed)
      : v2_(options.v2), names_(options.names), random_(seed) {
    values_.reserve(count);
    for (size_t i = 0; i < count; ++i) values_.push_back(static_cast<double>(random_() % 100000));
    Encode(first);
  }

  // Moves all values one step on.
  void Step() {
    for (size_t i = 0; i < values_.size(); ++i) {
      switch (kMetrics[(first_ + i) % names_].walk) {
        case Walk::kCounter:
          values_[i] += static_cast<double>(random_() % 1000) / 10;
          break;
        case Walk::kGauge:
          values_[i] += static_cast<double>(random_() % 2001) - 1000;
          break;
        case Walk::kConstant:
          break;
        case Walk::kBucket:  // never fewer than the bucket below
          values_[i] += static_cast<double>(100 * BucketOf(first_ + i, names_) + random_() % 100);
          break;
      }
    }
  }

  // Other series with the values as they are.
  void Encode(size_t first) {
    first_ = first;
    symbols_.clear();
    labels_.clear();
    ends_.clear();
    std::unordered_map<std::string, uint32_t> refs;
    const auto ref_of = [&](std::string_view symbol) {
      const auto [at, added] =
          refs.try_emplace(std::string(symbol), static_cast<uint32_t>(refs.size()));
      if (added) PutBytes(4, symbol, &symbols_);
      return at->second;
    };
    if (v2_) ref_of("");
    std::string one;
    for (size_t i = 0; i < values_.size(); ++i) {
      one.clear();
      ForEachLabel(first + i, names_, [&](std::string_view name, std::string_view value) {
        if (v2_) {
          PutVarint(ref_of(name), &one);
          PutVarint(ref_of(value), &one);
        } else {
          label_.clear();
          PutBytes(1, name, &label_);
          PutBytes(2, value, &label_);
          PutBytes(1, label_, &one);
        }
      });
      if (v2_)
        PutBytes(1, one, &labels_);
      else
        labels_ += one;
      ends_.push_back(labels_.size());
    }
  }

  void Message(int64_t time, std::string* out) const {
    out->assign(symbols_);
    const size_t sample = 1 + 8 + 1 + VarintSize(static_cast<uint64_t>(time));
    size_t begin = 0;
    for (size_t i = 0; i < values_.size(); begin = ends_[i++]) {
      PutVarint((v2_ ? 5U : 1U) << 3 | 2, out);
      PutVarint(ends_[i] - begin + 2 + sample, out);
      out->append(labels_, begin, ends_[i] - begin);
      PutVarint(2 << 3 | 2, out);
      PutVarint(sample, out);
      out->push_back(1 << 3 | 1);
      out->append(reinterpret_cast<const char*>(&values_[i]), sizeof(double));
      out->push_back(2 << 3 | 0);
      PutVarint(static_cast<uint64_t>(time), out);
    }
  }

  size_t size() const { return values_.size(); }

 private:
  bool v2_;
  size_t names_;
  std::mt19937 random_;
  size_t first_ = 0;
  std::vector<double> values_;
  std::string symbols_;       // fields 4 of a request of 2.0
  std::string labels_;        // of all series: fields of a TimeSeries
  std::vector<size_t> ends_;  // in labels_
  std::string label_;
};

}  // namespace rwgen
