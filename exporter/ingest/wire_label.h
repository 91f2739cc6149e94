// SPDX-License-Identifier: Apache-2.0
// The Label message of remote write and remote read.
#pragma once

#include "exporter/ingest/wire_reader.h"
#include "storage/model/labels.h"

namespace outrider {

// The reader stands before the message's fields. Views into its bytes.
inline LabelView ReadLabel(WireReader reader) {
  LabelView label;
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireBytes):
        label.name = reader.Bytes();
        break;
      case WireTag(2, kWireBytes):
        label.value = reader.Bytes();
        break;
      default:
        reader.SkipUnknown("Label", 2);
    }
  }
  return label;
}

}  // namespace outrider
