import { describeFaults } from './suite.js';

describeFaults('redis');
