// SPDX-License-Identifier: Apache-2.0
// The address that links in notifications begin with.
#pragma once

#include <string>

namespace outrider {

// `given` (--web.external-url) without slashes at its end; where it is empty, as in Alertmanager,
// http://HOST:PORT of the address that is listened on, with the machine's name in place of a host
// that stands for all addresses. `machine` "": its name is not known.
std::string ExternalUrl(const std::string& given, const std::string& listen_address,
                        const std::string& route_prefix, const std::string& machine);

// Of this machine, "" when it does not say.
std::string MachineHostName();

}  // namespace outrider
