// SPDX-License-Identifier: Apache-2.0
// The audit trail as it stands in a store: read, and checked link by link.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "notifiers/incident/audit.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

inline constexpr int kAuditBuckets = 256;

// The events of one bucket, 0 to kAuditBuckets - 1, in the order of its chain. DataLoss names the
// subject of a row that cannot be read.
StatusOr<std::vector<AuditEvent>> ReadAuditBucket(const StateStore& store, uint8_t bucket);

// The events of one subject in their order. DataLoss names the subject when a row of it cannot be
// read; what stands before it was taken.
Status ReadAuditSubject(const StateStore& store, const std::string& subject,
                        const std::function<void(const AuditEvent&)>& take);

// Checks the bucket's chain against its head; returns how many events it has. Nothing may be
// written to it meanwhile. DataLoss names the first row that is changed, missing or too many.
// Whoever can write the store can write a whole chain anew: what shows that is a copy of the trail
// elsewhere.
StatusOr<uint64_t> VerifyAuditBucket(const StateStore& store, uint8_t bucket);

}  // namespace outrider
