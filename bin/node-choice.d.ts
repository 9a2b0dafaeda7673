export declare function isNewEnough(version: string): boolean
export declare function broughtNode(packageRoot: string): string | undefined
export declare function tooOld(version: string): string
