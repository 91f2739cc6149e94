// SPDX-License-Identifier: Apache-2.0
#include "storage/base/status.h"

namespace outrider {

Status Annotate(const Status& status, const std::string& context) {
  if (status.ok()) return status;
  return Status(status.code(), context + ": " + Message(status));
}

}  // namespace outrider
