// SPDX-License-Identifier: Apache-2.0
// The quick way into the windows: a request's series named by hashes instead of labels. Whoever
// sent a series before names it by the same bytes again; labels are looked at only for what is not
// known.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/base/hash.h"
#include "storage/model/sample.h"
#include "storage/window/appender.h"
#include "storage/window/series_makers.h"

namespace outrider {

enum class KeyKind : uint8_t {
  kIdentity,  // series_identity.h: the label set, whatever its encoding
  kSender     // any seeded hash of how the sender wrote the labels; learned by Windows::Append
};

struct KeyedRow {
  Hash128 key;         // all zero: not known
  uint32_t begin = 0;  // its samples are [begin, end) of the request's
  uint32_t end = 0;
};

// The samples of a request's rows.
struct KeyedSamples {
  std::span<const Sample> samples;
  std::span<const Timestamp> starts;  // of each sample, 0: not known; or empty: none was sent
};

struct KeyedWriter {
  Timestamp now = 0;  // judges the future
  SenderId sender = kNoSender;
  Origin origin = Origin::kRemote;
};

// What became of a request; reused from request to request.
struct KeyedOutcome {
  struct Refused {
    uint32_t row;
    AppendCounts counts;
  };
  AppendCounts counts;            // of the rows that were known
  std::vector<uint32_t> unknown;  // rows to be appended by their labels, ascending
  std::vector<Refused> refused;   // known rows of which samples were refused

  std::vector<uint32_t> ids;    // by row, found by Windows::FindKeyed
  std::vector<uint32_t> order;  // scratch
};

}  // namespace outrider
