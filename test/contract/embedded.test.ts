import { describeContract } from './suite/harness.js';

await describeContract('embedded');
