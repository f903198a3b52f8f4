#pragma once

#include <string>

namespace sma {

/// A certificate that signed itself, as PEM text. Nothing is ever reached with it.
inline std::string certificate_text() {
  return "-----BEGIN CERTIFICATE-----\n"
         "MIIBNDCB56ADAgECAhQMuJSOW1jrIeRIRdkqYK9rvB0afDAFBgMrZXAwDzENMAsG\n"
         "A1UEAwwEdGVzdDAgFw0yNjExMjUxNjUwMDhaGA8yMTI2MTEwMTE2NTAwOFowDzEN\n"
         "MAsGA1UEAwwEdGVzdDAqMAUGAytlcAMhAJYzyMjggpy7r5E25/ZmZ9fSa5EiTZyV\n"
         "IrBwMU2bCnn0o1MwUTAdBgNVHQ4EFgQUj5V0RTUPSzBcajEgPggI6xM4+5gwHwYD\n"
         "VR0jBBgwFoAUj5V0RTUPSzBcajEgPggI6xM4+5gwDwYDVR0TAQH/BAUwAwEB/zAF\n"
         "BgMrZXADQQD6aF/pie/t47XrPAARH6SE4rvPcM0DRYSchA7xIRGyIUfJudykUBQE\n"
         "Cp+tWcksJaFH5yvpF5yfrGjwyQ4sXA8G\n"
         "-----END CERTIFICATE-----\n";
}

}  // namespace sma
