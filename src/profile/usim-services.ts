/** The services of EF.UST by number: 3GPP TS 31.102 §4.2.8. */

// prettier-ignore
const NAMES: Readonly<Record<number, string>> = {
  1: 'local phone book', 2: 'FDN', 3: 'extension 2', 4: 'SDN', 5: 'extension 3', 6: 'BDN', 7: 'extension 4',
  8: 'OCI and OCT', 9: 'ICI and ICT', 10: 'SMS', 11: 'SMSR', 12: 'SMSP', 13: 'AoC', 14: 'CCP2', 15: 'CBMI', 16: 'CBMIR',
  17: 'GID1', 18: 'GID2', 19: 'SPN', 20: 'user PLMN with AcT', 21: 'MSISDN', 22: 'IMG', 23: 'SoLSA', 24: 'eMLPP',
  25: 'AAeM', 27: 'GSM access', 28: 'SMS-PP download', 29: 'SMS-CB download', 30: 'call control', 31: 'MO-SMS control',
  32: 'RUN AT COMMAND', 33: 'always 1', 34: 'EST', 35: 'ACL', 36: 'DCK', 37: 'CNL', 38: 'GSM security context',
  39: 'CPBCCH', 40: 'investigation scan', 41: 'MExE', 42: 'operator PLMN with AcT', 43: 'HPLMN with AcT',
  44: 'extension 5', 45: 'PNN', 46: 'OPL', 47: 'MBDN', 48: 'MWIS', 49: 'CFIS', 51: 'SPDI', 52: 'MMS', 53: 'extension 8',
  54: 'call control on GPRS', 55: 'MMS user connectivity', 56: 'NIA', 57: 'VGCS', 58: 'VBS', 59: 'pseudonym',
  60: 'user PLMN for I-WLAN', 61: 'operator PLMN for I-WLAN', 62: 'user WSID', 63: 'operator WSID',
  64: 'VGCS security', 65: 'VBS security', 66: 'WLAN reauthentication', 67: 'MMS storage', 68: 'GBA', 69: 'MBMS security',
  70: 'USSD download', 71: 'EHPLMN', 72: 'additional TERMINAL PROFILE', 73: 'EHPLMN presentation', 74: 'last RPLMN',
  75: 'OMA BCAST', 76: 'GBA local key', 77: 'terminal applications', 78: 'SPN icon', 79: 'PNN icon',
  80: 'USIM IP connections', 81: 'home I-WLAN', 82: 'I-WLAN EHPLMN presentation', 83: 'I-WLAN HPLMN priority',
  84: 'I-WLAN last PLMN', 85: 'EPS mobility', 86: 'allowed CSG', 87: 'call control on EPS PDN', 88: 'HPLMN direct access',
  89: 'eCall', 90: 'operator CSG', 91: 'SM over IP', 92: 'CSG display', 93: 'communication control for IMS',
  94: 'extended terminal applications', 95: 'UICC access to IMS', 96: 'NAS configuration', 97: 'PWS', 99: 'URI',
  100: 'extended EARFCN', 101: 'ProSe', 102: 'USAT pairing', 103: 'media type', 104: 'IMS disconnection cause',
  105: 'URI for MO-SMS control', 106: 'ePDG', 107: 'ePDG configured', 108: 'ACDC', 109: 'mission critical',
  110: 'emergency ePDG', 111: 'emergency ePDG configured', 112: 'eCall over IMS', 113: 'URI for SMS-PP download',
  114: 'From preferred', 115: 'IMS configuration', 116: 'TV', 117: 'PS data off', 118: 'PS data off services', 119: 'V2X',
  120: 'XCAP', 121: 'EARFCN list', 122: '5GS mobility', 123: '5G security', 124: 'SUPI privacy', 125: 'SUCI by the USIM',
  126: 'UAC access identities', 127: 'steering of roaming', 128: 'call control on PDU session', 129: '5GS operator PLMN',
  130: 'SUPI of NAI type', 131: 'PS data off home and roaming', 132: 'URSP', 133: '5G security extended',
  134: 'MuD and MiD', 135: 'trusted non-3GPP', 136: 'NAS contexts of several registrations', 137: 'CAG', 138: 'SOR-CMCI',
  139: '5G ProSe', 140: 'disaster roaming', 141: 'eDRX', 142: '5G NSWO', 143: 'PWS for SNPN',
  144: 'multiplier for PLMN search', 145: 'KAUSF derivation', 146: 'SNPN',
}

/** `17 GID1`; the number alone for one without a name. */
export function usimServiceName(service: number): string {
  const name = NAMES[service]
  return name === undefined ? `${service}` : `${service} ${name}`
}

/** The services that a service table makes available, counted from 1. */
export function servicesIn(table: Uint8Array): readonly number[] {
  return Array.from(table).flatMap((octet, at) =>
    [0, 1, 2, 3, 4, 5, 6, 7]
      .filter((bit) => (octet & (1 << bit)) !== 0)
      .map((bit) => 8 * at + bit + 1),
  )
}
