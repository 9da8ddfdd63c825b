/** Versions of the CNI specification that plugin and agent speak, oldest first. */
export const CNI_VERSIONS: readonly string[] = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];

/** Whether `version` is at least `wanted`; both are from CNI_VERSIONS. */
export function atLeast(version: string, wanted: string): boolean {
  return CNI_VERSIONS.indexOf(version) >= CNI_VERSIONS.indexOf(wanted);
}
