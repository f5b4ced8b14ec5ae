/**
 * Types of unit tests (`index.test.ts`), which `secflow plugin test` runs in the real plugin host.
 * A test sees every function of the plugin; there is no target and no network.
 */

/** Runs a test; an error that leaves `body` makes it fail. */
declare function test(name: string, body: () => void): void;

/** Fails unless both are equal as JSON. */
declare function equal(actual: unknown, expected: unknown, what?: string): void;

/** Fails unless the value is true in a condition. */
declare function ok(value: unknown, what?: string): void;
