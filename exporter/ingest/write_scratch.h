// SPDX-License-Identifier: Apache-2.0
// What a request needs while it is decoded, used again by the next one: a megabyte would otherwise
// be mapped, zeroed and unmapped each time, or be left in pieces between long-lived chunks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "exporter/ingest/apply.h"
#include "exporter/ingest/decode_v1.h"
#include "exporter/ingest/numbered_rows.h"
#include "exporter/ingest/otlp_rows.h"
#include "exporter/ingest/v2_rows.h"

namespace outrider {

struct WriteScratch {
  std::string decoded;
  V1Rows v1;
  V2Rows v2;
  OtlpRows otlp;          // only in replay: the door of OTLP is not a hot one
  NumberedRows numbered;  // only in replay
  ApplyScratch apply;
};

// Thread-safe. Keeps at most kKept, and none that has grown beyond kLargest.
class WriteScratchPool {
 public:
  // Contents are those of an earlier request; goes back to the pool (which outlives it) at the end
  // of its life.
  class Lease {
   public:
    explicit Lease(WriteScratchPool& pool) : pool_(pool), scratch_(pool.Take()) {}
    ~Lease() { pool_.GiveBack(std::move(scratch_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    WriteScratch& operator*() { return *scratch_; }
    WriteScratch* operator->() { return scratch_.get(); }

   private:
    WriteScratchPool& pool_;
    std::unique_ptr<WriteScratch> scratch_;
  };

 private:
  static constexpr size_t kKept = 4;
  static constexpr size_t kLargest = 4U << 20;

  std::unique_ptr<WriteScratch> Take() {
    {
      const absl::MutexLock lock(&mutex_);
      if (!free_.empty()) {
        std::unique_ptr<WriteScratch> scratch = std::move(free_.back());
        free_.pop_back();
        return scratch;
      }
    }
    return std::make_unique<WriteScratch>();
  }
  void GiveBack(std::unique_ptr<WriteScratch> scratch) {
    if (scratch->decoded.capacity() + scratch->v1.bytes() + scratch->v2.bytes() > kLargest) return;
    const absl::MutexLock lock(&mutex_);
    if (free_.size() < kKept) free_.push_back(std::move(scratch));
  }

  absl::Mutex mutex_;
  std::vector<std::unique_ptr<WriteScratch>> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
