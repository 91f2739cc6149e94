// SPDX-License-Identifier: Apache-2.0
// Which incidents opened when: an index of the audit trail, so that a report of a week reads the
// events of that week's incidents and not all there have been. Rows of Family::kMeta, without a
// value: "opened" 0x00 time(8) incident id, written in the batch of the event, kept as long as the
// trail. The row "opened_index" stands there once the index is whole.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "notifiers/incident/audit.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

// Of an event that opens an incident: its row. Others need none.
void IndexAuditEvent(const AuditEvent& event, Batch* batch);

// What a store lacks that was written before there was an index: the rows and the mark. Reads the
// whole trail once. A trail with a row that cannot be read gets none: reports read all of it and
// say so.
Status CompleteOpenedIndex(const StateStore& store, Batch* batch);

// Every event of the incidents that opened in [from, to): those of one incident in their order. Of
// a store without a whole index all events of the trail. DataLoss names what cannot be read.
Status ReadAuditOfOpened(const StateStore& store, Nanos from, Nanos to,
                         const std::function<void(const AuditEvent&)>& take);

}  // namespace outrider
