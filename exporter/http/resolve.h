// SPDX-License-Identifier: Apache-2.0
// From the host of a listen address to the address civetweb is told.
#pragma once

#include "exporter/http/message.h"
#include "storage/base/status.h"

namespace outrider {

// The same address with a numeric host; asks the resolver for a name. InvalidArgument names the
// address: a name without an address, or an IPv6 address without `has_ipv6`.
StatusOr<ListenAddress> Resolve(const ListenAddress& address, bool has_ipv6);

}  // namespace outrider
