// SPDX-License-Identifier: Apache-2.0
// A write request as rows: each series named by a hash, its samples in one flat array. Labels,
// exemplars and histograms are decoded only where somebody asks for them: usually every series of a
// request is known already.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "exporter/ingest/incoming.h"
#include "storage/base/status.h"
#include "storage/window/keyed_rows.h"

namespace outrider {

// Filled by a decoder and used again for the next request. Views go into the request's body.
class WriteRows {
 public:
  virtual ~WriteRows() = default;

  // Rows in the order of the request. `special`: there is more than samples (exemplars or
  // histograms); Decode() tells.
  const std::vector<KeyedRow>& rows() const { return rows_; }
  const std::vector<Sample>& samples() const { return samples_; }
  // Start time of each sample, 0: not known; empty when none was sent.
  const std::vector<Timestamp>& starts() const { return starts_; }
  bool special(uint32_t row) const { return special_[row] != 0; }
  // Whether there is anything that would be kept.
  bool holds_data() const {
    return !samples_.empty() || std::find(special_.begin(), special_.end(), 1) != special_.end();
  }
  size_t bytes() const {
    return rows_.capacity() * sizeof(KeyedRow) + samples_.capacity() * sizeof(Sample);
  }

  virtual KeyKind kind() const = 0;
  // Whether a series without samples and histograms is an error (2.0).
  virtual bool wants_data() const { return false; }
  // Which row of the request as it came this is.
  virtual uint32_t source(uint32_t row) const { return row; }
  // The whole series of a row. InvalidArgument when its bytes are no such message: the request as a
  // whole is refused then.
  virtual Status Decode(uint32_t row, IncomingSeries* out) const = 0;
  // The histograms of a row that Decode gave. InvalidArgument as there; what is to be refused is
  // noted in each of them.
  virtual Status DecodeHistograms(uint32_t row, const IncomingSeries& series,
                                  std::vector<IncomingHistogram>* out) const = 0;

 protected:
  void Clear() {
    rows_.clear();
    samples_.clear();
    starts_.clear();
    special_.clear();
  }
  std::vector<KeyedRow> rows_;
  // For decoders whose series may or may not have start times; called before samples_ grows.
  void AddStarts(const std::vector<Timestamp>& starts, size_t samples) {
    if (starts.empty() && starts_.empty()) return;
    starts_.resize(samples_.size(), 0);
    starts_.insert(starts_.end(), starts.begin(), starts.end());
    starts_.resize(samples_.size() + samples, 0);
  }

  std::vector<Sample> samples_;
  std::vector<Timestamp> starts_;  // as long as samples_, or empty
  std::vector<uint8_t> special_;
};

}  // namespace outrider
