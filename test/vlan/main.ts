/**
 * The tests of the `vlan` link driver, for a machine with 802.1Q: `npm run test:vlan` bundles this
 * file and runs it in a virtual machine. Node's own test runner, because one process is what an
 * emulated CPU can afford.
 */
import './network.ts';
import './strict.ts';
import './standard.ts';
